//! Random programs; they shrink to fewer and simpler steps.

use crate::program::*;
use crate::run::Clock;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What programs may meet with.
const ALL_TARGETS: &[Target] = &[
    Target::Echo,
    Target::SecureEcho,
    Target::Program,
    Target::Program,
    Target::Nobody,
    Target::Peer(Manner::Echoes),
    Target::Peer(Manner::Resets),
    Target::Peer(Manner::HalfCloses),
    Target::Peer(Manner::Stalls),
    Target::Peer(Manner::Babbles),
    Target::Peer(Manner::Closes),
];

/// What they may meet with on the loop itself: a manual clock waits for no other thread, and is not
/// theirs.
const ON_THE_LOOP: &[Target] = ALL_TARGETS.split_at(5).0;

pub(crate) fn program(clock: Clock) -> impl Strategy<Value = Program> {
    let flags = (prop::bool::weighted(0.8), any::<bool>());
    let parts = (vec(step(clock), 0..8), flags);
    parts.prop_map(|(steps, (joins, ends_in_scope))| Program {
        steps,
        joins,
        ends_in_scope,
    })
}

fn step(clock: Clock) -> impl Strategy<Value = Step> {
    simple_step(clock).prop_recursive(4, 32, 5, |step| {
        let steps = || vec(step.clone(), 0..5);
        let children = vec(child(steps()), 0..4);
        prop_oneof![
            2 => (1..6u16, steps()).prop_map(|(limit, steps)| Step::Within(limit, steps)),
            3 => (steps(), steps()).prop_map(|(one, other)| Step::Race(one, other)),
            2 => (0..4u8, steps()).prop_map(|(polls, steps)| Step::GiveUp(polls, steps)),
            8 => child(steps()).prop_map(Step::Spawn),
            1 => (children, any::<bool>())
                .prop_map(|(children, joined)| Step::Group { children, joined }),
            2 => steps().prop_map(Step::Under),
            2 => steps().prop_map(Step::Traced),
        ]
    })
}

fn simple_step(clock: Clock) -> impl Strategy<Value = Step> {
    let (targets, on_a_thread) = match clock {
        Clock::Real => (ALL_TARGETS, Step::Thread),
        Clock::Manual => (ON_THE_LOOP, Step::Yield),
    };
    prop_oneof![
        3 => Just(Step::Yield),
        2 => (0..3u16).prop_map(Step::Sleep),
        1 => Just(on_a_thread),
        5 => (0..3usize, queue_step()).prop_map(|(queue, step)| Step::Queue(queue, step)),
        6 => conversation(targets).prop_map(Step::Converse),
        3 => service().prop_map(Step::Accept),
        2 => (0..4usize).prop_map(Step::Cancel),
        2 => (0..4usize).prop_map(Step::Join),
        2 => Just(Step::Enter),
        1 => (0..4usize).prop_map(Step::Leave),
    ]
}

fn queue_step() -> impl Strategy<Value = QueueStep> {
    prop_oneof![
        6 => Just(QueueStep::Put),
        6 => Just(QueueStep::Get),
        1 => Just(QueueStep::Peek),
        2 => Just(QueueStep::TryPut),
        2 => Just(QueueStep::TryGet),
        1 => Just(QueueStep::Close),
    ]
}

fn child(steps: impl Strategy<Value = Vec<Step>>) -> impl Strategy<Value = Child> {
    let ending = prop_oneof![
        4 => Just(Ending::Completes),
        1 => Just(Ending::Fails),
        1 => Just(Ending::Panics),
    ];
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (flags, steps, ending).prop_map(|((named, detached, watched), steps, ending)| Child {
        named,
        detached,
        watched,
        steps,
        ending,
    })
}

fn conversation(targets: &'static [Target]) -> impl Strategy<Value = Conversation> {
    let (flags, moves) = (prop::array::uniform3(prop::bool::weighted(0.15)), moves());
    (select(targets), flags, moves).prop_map(|(target, [insecure, polled, reset], moves)| {
        Conversation {
            target,
            secure: (target == Target::SecureEcho) != insecure,
            polled,
            moves,
            reset,
        }
    })
}

fn service() -> impl Strategy<Value = Service> {
    let flags = prop::array::uniform2(prop::bool::weighted(0.1));
    (flags, any::<bool>(), moves()).prop_map(|([secure, reset], elsewhere, moves)| Service {
        secure,
        moves,
        reset,
        elsewhere,
    })
}

/// Moves; half of the time they come to a clean end, of which it is known what both ends moved.
fn moves() -> impl Strategy<Value = Vec<Move>> {
    (vec(a_move(), 0..6), any::<bool>()).prop_map(|(mut moves, ends_cleanly)| {
        if ends_cleanly {
            moves.extend([Move::HalfClose, Move::ReadToEnd]);
        }
        moves
    })
}

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => simple_move(),
        1 => (0..3u8, simple_move())
            .prop_map(|(polls, inner)| Move::GiveUp(polls, Box::new(inner))),
    ]
}

fn simple_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => size().prop_map(Move::Write),
        2 => size().prop_map(Move::WriteSome),
        4 => size().prop_map(Move::Read),
        2 => size().prop_map(Move::ReadExact),
        2 => Just(Move::ReadToEnd),
        2 => size().prop_map(Move::Duplex),
        2 => Just(Move::HalfClose),
        1 => Just(Move::Yield),
    ]
}

/// Never none: a read of nothing would look like the end of a stream.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 1..100usize,
        3 => 100..20_000usize,
        1 => 20_000..600_000usize,
    ]
}
