//! What many noisy rounds say together.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The value in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        (values[middle - 1] + values[middle]) / 2.0
    } else {
        values[middle]
    }
}

/// A mean and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mean {
    pub(crate) mean: f64,
    /// Of one round there is none.
    pub(crate) error: Option<f64>,
}

impl Mean {
    /// Of the ratios of two measured in the same rounds: a machine whose speed drifts says little
    /// about a round and much about many pairs.
    pub(crate) fn of_ratios(values: &[f64], base: &[f64]) -> Self {
        let pairs = values.iter().zip(base);
        let ratios: Vec<f64> = pairs.map(|(value, base)| value / base).collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        Self {
            mean,
            error: error(ratios.iter().map(|ratio| ratio - mean)),
        }
    }

    /// Of the ratio of two sums over the same rounds, where a round alone says next to nothing: the
    /// kernel tells user from system time at its ticks, of which there are few in one. None where
    /// there was none in all of them.
    #[allow(dead_code, reason = "not every benchmark has such figures")]
    pub(crate) fn of_sums(values: &[f64], base: &[f64]) -> Option<Self> {
        let sum = base.iter().sum::<f64>();
        let mean = values.iter().sum::<f64>() / sum;
        let pairs = values.iter().zip(base);
        let deviations = pairs.map(|(value, base)| value - mean * base);
        (sum > 0.0).then(|| Self {
            mean,
            error: error(deviations).map(|error| error * base.len() as f64 / sum),
        })
    }
}

/// The standard error of the mean of values that are so far from it.
fn error(deviations: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = deviations.len() as f64;
    let squares: f64 = deviations.map(|deviation| deviation.powi(2)).sum();
    (count > 1.0).then(|| (squares / (count - 1.0) / count).sqrt())
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // It is the one that the others are compared with.
            Self {
                mean,
                error: Some(0.0),
            } => write!(f, "{mean}"),
            Self { mean, error: None } => write!(f, "{mean:.3}"),
            Self {
                mean,
                error: Some(error),
            } => write!(f, "{mean:.3} ± {error:.3}"),
        }
    }
}
