//! When a model that did not answer is asked again, as the providers' own clients do it.

use std::time::Duration;

use crate::error::ModelError;

/// A pause before the model is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// As long as the provider asked for.
    Told(Duration),
    /// Less up to a quarter by chance, so that many clients do not come back together.
    About(Duration),
}

/// The pause after the `attempt`th attempt, from 1; `None` if another one is of no use.
///
/// A provider that asks for more than two minutes is taken at its word by giving up: whoever waits
/// for the run learns of it now, and the error says how long.
pub(crate) fn pause(error: &ModelError, attempt: u32) -> Option<Pause> {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(8);
    const CEILING: Duration = Duration::from_secs(120);
    if !error.is_retryable() {
        return None;
    }
    match error.retry_after() {
        Some(told) if told > CEILING => None,
        Some(told) if !told.is_zero() => Some(Pause::Told(told)),
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
            Self::Told(time) => time,
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
    fn the_provider_is_taken_at_its_word() {
        let told = |seconds| overloaded().with_retry_after(Duration::from_secs(seconds));
        assert_eq!(pause(&told(120), 1), Some(Pause::Told(Duration::from_secs(120))));
        assert_eq!(pause(&told(121), 1), None);
        assert_eq!(pause(&told(0), 1), Some(Pause::About(Duration::from_millis(500))));
        assert_eq!(pause(&overloaded().with_should_retry(false), 1), None);
        let refused = ModelError::new("no").with_kind(ModelErrorKind::Request);
        assert_eq!(pause(&refused, 1), None);
        let unless = ModelError::new("no").with_kind(ModelErrorKind::Request);
        assert!(pause(&unless.with_should_retry(true), 1).is_some());
        // A key that is missing stays missing, whoever says what.
        let local = ModelError::new("no").with_kind(ModelErrorKind::Configuration);
        assert_eq!(pause(&local.with_should_retry(true), 1), None);
    }

    #[test]
    fn chance_takes_up_to_a_quarter_off() {
        let about = Pause::About(Duration::from_secs(4));
        assert_eq!(
            [0.0, 0.5, 1.0].map(|chance| about.length(chance).as_millis()),
            [4000, 3500, 3000]
        );
        assert_eq!(Pause::Told(Duration::from_secs(4)).length(1.0), Duration::from_secs(4));
    }
}
