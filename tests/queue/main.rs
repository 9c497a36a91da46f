//! Queues: order, waiting, cancellation, closing; and random programs against a model.

#[cfg(test)]
mod cancel;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod iteration;
#[cfg(test)]
mod order;
#[cfg(test)]
mod properties;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
mod tasks;
#[cfg(test)]
#[path = "../support/turns.rs"]
mod turns;
