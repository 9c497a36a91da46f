//! Programs that have broken rules once, in their shortest form.

use crate::program::*;
use crate::properties::check;
use crate::run::Clock;

#[track_caller]
fn keeps_the_rules(steps: Vec<Step>, clock: Clock) {
    let program = Program {
        steps,
        joins: true,
        ends_in_scope: false,
    };
    if let Err(broken) = check(&program, clock) {
        panic!("{program:#?}\n{broken}");
    }
}

fn plain(target: Target, moves: Vec<Move>) -> Conversation {
    Conversation {
        target,
        secure: false,
        polled: false,
        moves,
        reset: false,
    }
}

/// The handshake ended only after the socket had been closed.
#[test]
fn a_handshake_that_fails() {
    let conversation = Conversation {
        secure: true,
        ..plain(Target::Echo, Vec::new())
    };
    keeps_the_rules(vec![Step::Converse(conversation)], Clock::Real);
}

/// As above, given up.
#[test]
fn a_handshake_that_is_given_up() {
    let conversation = Conversation {
        secure: true,
        ..plain(Target::Peer(Manner::Stalls), Vec::new())
    };
    keeps_the_rules(
        vec![Step::GiveUp(3, vec![Step::Converse(conversation)])],
        Clock::Real,
    );
}

/// What the first read had received when it was given up was told to nobody.
#[test]
fn a_read_that_is_given_up_half_way() {
    let moves = vec![
        Move::Write(5),
        Move::GiveUp(1, Box::new(Move::ReadExact(99))),
        Move::HalfClose,
        Move::ReadToEnd,
    ];
    let conversation = plain(Target::Echo, moves);
    keeps_the_rules(vec![Step::Converse(conversation)], Clock::Manual);
}

/// A read that was polled by hand and found pending, and that ended in the same poll of its task,
/// was told to have waited.
#[test]
fn a_read_that_is_polled_twice_in_one_poll_of_its_task() {
    let moves = vec![
        Move::Write(4097),
        Move::GiveUp(2, Box::new(Move::ReadToEnd)),
        Move::HalfClose,
        Move::ReadToEnd,
    ];
    let child = Child {
        named: false,
        detached: false,
        watched: false,
        steps: vec![Step::Converse(Conversation {
            secure: true,
            polled: true,
            ..plain(Target::SecureEcho, moves)
        })],
        ending: Ending::Completes,
    };
    // It takes the right moment.
    for _ in 0..20 {
        let steps = vec![Step::Race(vec![Step::Spawn(child.clone())], Vec::new())];
        keeps_the_rules(steps, Clock::Manual);
    }
}
