use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::outcome::Ending;
use super::shared::{CallTimes, Ended, Shared};
use crate::limits::cut;
use crate::transcript::{ToolCall, ToolResult};

/// A fatal error of a tool, and the position of its call.
pub(crate) type Fatal = (usize, Arc<dyn Error + Send + Sync>);

/// Takes each result as it comes.
pub(crate) type Sink<'a> = dyn FnMut(usize, ToolResult, CallTimes) + Send + 'a;

/// How long a stopped call has to let go.
const GRACE: Duration = Duration::from_secs(1);

/// The side of a batch that waits for its calls.
pub(super) struct Desk<'a, 'b> {
    pub(super) calls: &'a [&'a ToolCall],
    pub(super) shared: &'a Arc<Shared>,
    /// The cap on the output of a call, in bytes.
    pub(super) output: usize,
    /// Calls without a result yet.
    pub(super) open: usize,
    pub(super) fatal: Option<Fatal>,
    pub(super) sink: &'a mut Sink<'b>,
}

impl Desk<'_, '_> {
    /// Waits for all open calls; after a fatal error only for those that run to let go.
    pub(super) async fn collect(&mut self) {
        let mut ended = Vec::new();
        while self.open > 0 {
            self.shared.ended(&mut ended);
            if ended.is_empty() {
                self.shared.reported().await;
            }
            for ended in ended.drain(..) {
                self.take(ended);
            }
            if self.fatal.is_some() {
                return self.stop().await;
            }
        }
    }

    /// Ends all calls, as `tokio::try_join!` would.
    async fn stop(&mut self) {
        let mut tasks = self.shared.close();
        let let_go = async {
            for (_, task) in &mut tasks {
                _ = task.await;
            }
        };
        _ = timeout(GRACE, let_go).await;
        self.give_up(&tasks);
    }

    /// Takes what has ended; calls that run on, whether they let go or not, are interrupted.
    fn give_up(&mut self, tasks: &[(usize, JoinHandle<()>)]) {
        let mut ended = Vec::new();
        self.shared.ended(&mut ended);
        for ended in ended {
            self.take(ended);
        }
        for &(index, _) in tasks.iter().filter(|(_, task)| !task.is_finished()) {
            let Some(call) = self.calls.get(index) else { continue };
            let access = self.shared.toolset.access(call.name()).unwrap_or_default();
            self.take(Ended::refused(index, Some(access), Ending::interrupted(access)));
        }
        self.open = 0;
    }

    pub(super) fn take(&mut self, ended: Ended) {
        self.open = self.open.saturating_sub(1);
        let Ended { index, ending, times } = ended;
        let (Some(call), Some(ending)) = (self.calls.get(index), ending) else {
            return;
        };
        if self.fatal.is_none() {
            self.fatal = ending.fatal().map(|error| (index, error));
        }
        let mut result = ending.into_result(call);
        cut(result.text_to_cut(), self.output);
        (self.sink)(index, result, times);
    }
}

/// Stops the calls of a batch that is dropped, and hands over the results it has by then.
impl Drop for Desk<'_, '_> {
    fn drop(&mut self) {
        let tasks = self.shared.close();
        if self.open > 0 {
            self.give_up(&tasks);
        }
    }
}
