//! The guide's commands, run as they are written, on the usual ports; and what the stack that it
//! starts then shows.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod purchases;
#[cfg(test)]
mod walk;
