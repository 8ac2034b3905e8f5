//! The pauses between the attempts of a request, by the policy of the providers' own clients.

use std::time::Duration;

use crate::error::ModelError;

/// A pause before the model is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// The time that the provider asked for.
    Given(Duration),
    /// This time less up to a quarter at random, so that many clients do not return at the same
    /// moment.
    About(Duration),
}

/// Returns the pause after the `attempt`th attempt, counted from 1; `None` if the run should not
/// try again.
///
/// If the provider asks for more than two minutes, the run ends at once instead of waiting: the
/// caller learns of it now, and the error holds the time.
pub(crate) fn pause(error: &ModelError, attempt: u32) -> Option<Pause> {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(8);
    const CEILING: Duration = Duration::from_secs(120);
    if !error.is_retryable() {
        return None;
    }
    match error.retry_after() {
        Some(given) if given > CEILING => None,
        Some(given) if !given.is_zero() => Some(Pause::Given(given)),
        _ => {
            let doubled = FIRST.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
            Some(Pause::About(doubled.min(LONGEST)))
        }
    }
}

impl Pause {
    /// The time to wait, for a `chance` of 0 to 1.
    pub(crate) fn length(self, chance: f64) -> Duration {
        match self {
            Self::Given(time) => time,
            Self::About(time) => time.mul_f64(1.0 - chance.clamp(0.0, 1.0) / 4.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ModelErrorKind;

    fn overloaded() -> ModelError {
        ModelError::new("busy").with_kind(ModelErrorKind::Overloaded)
    }

    #[test]
    fn pauses_double_up_to_eight_seconds() {
        let pauses = (1..=7).map(|attempt| match pause(&overloaded(), attempt) {
            Some(Pause::About(time)) => time.as_millis(),
            other => panic!("{other:?}"),
        });
        assert_eq!(pauses.collect::<Vec<_>>(), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(pause(&overloaded(), u32::MAX), Some(Pause::About(Duration::from_secs(8))));
    }

    #[test]
    fn the_pause_follows_what_the_provider_asked_for() {
        let given = |seconds| overloaded().with_retry_after(Duration::from_secs(seconds));
        assert_eq!(pause(&given(120), 1), Some(Pause::Given(Duration::from_secs(120))));
        assert_eq!(pause(&given(121), 1), None);
        assert_eq!(pause(&given(0), 1), Some(Pause::About(Duration::from_millis(500))));
        assert_eq!(pause(&overloaded().with_should_retry(false), 1), None);
        let refused = ModelError::new("no").with_kind(ModelErrorKind::Request);
        assert_eq!(pause(&refused, 1), None);
        let unless = ModelError::new("no").with_kind(ModelErrorKind::Request);
        assert!(pause(&unless.with_should_retry(true), 1).is_some());
        // A missing key stays missing, whatever the provider asks for.
        let local = ModelError::new("no").with_kind(ModelErrorKind::Configuration);
        assert_eq!(pause(&local.with_should_retry(true), 1), None);
    }

    #[test]
    fn a_random_part_of_up_to_a_quarter_is_taken_off() {
        let about = Pause::About(Duration::from_secs(4));
        assert_eq!(
            [0.0, 0.5, 1.0].map(|chance| about.length(chance).as_millis()),
            [4000, 3500, 3000]
        );
        assert_eq!(Pause::Given(Duration::from_secs(4)).length(1.0), Duration::from_secs(4));
    }
}
