//! What tasks wait for each other with: whose turn it is, what is shown and what cancelling does.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod condition;
#[cfg(test)]
mod countdown_latch;
#[cfg(test)]
mod event;
#[cfg(test)]
mod lock;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
mod set_queue;
#[cfg(test)]
#[path = "../support/turns.rs"]
mod turns;
