//! Whatever is entered, left, spawned and switched: what is in force equals a model.

use super::tests::{Heard, Task, end};
use super::*;
use crate::instrument::hooks::QueueOperation;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    /// Enters a new instrument.
    Enter,
    /// Drops a guard, whichever task entered it.
    Leave(usize),
    /// Spawns a task.
    Spawn,
    /// Goes on in another task.
    Switch(usize),
    /// Starts an operation.
    Start,
    /// Ends one that was started, wherever that was.
    End(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Enter),
        3 => any::<usize>().prop_map(Step::Leave),
        1 => Just(Step::Spawn),
        2 => any::<usize>().prop_map(Step::Switch),
        1 => Just(Step::Start),
        1 => any::<usize>().prop_map(Step::End),
    ]
}

/// Tasks beside the numbers of the instruments that are to be in force in them, the outermost
/// first.
struct World {
    heard: Heard,
    tasks: Vec<(Task, Vec<usize>)>,
    running: usize,
    /// Guards, with the task that entered them and the instrument's number.
    guards: Vec<(Scope, usize, usize)>,
    /// Operations under way, with who is to hear of their end.
    operations: Vec<(QueueOperation, Vec<usize>)>,
    entered: usize,
}

impl World {
    fn new() -> Self {
        Self {
            heard: Heard::default(),
            tasks: vec![(Task::spawn(), Vec::new())],
            running: 0,
            guards: Vec::new(),
            operations: Vec::new(),
            entered: 0,
        }
    }

    fn run<R>(&mut self, f: impl FnOnce() -> R) -> R {
        self.tasks[self.running].0.run(f)
    }

    fn model(&mut self) -> &mut Vec<usize> {
        &mut self.tasks[self.running].1
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Enter => {
                self.entered += 1;
                let number = self.entered;
                let listener = self.heard.listener(number);
                let guard = self.run(|| listener.enter());
                self.guards.push((guard, self.running, number));
                self.model().push(number);
            }
            Step::Leave(which) if !self.guards.is_empty() => {
                let index = which % self.guards.len();
                let (guard, home, number) = self.guards.swap_remove(index);
                self.run(|| drop(guard));
                if home == self.running {
                    self.model().retain(|other| *other != number);
                } else {
                    for (_, model) in &mut self.tasks {
                        model.retain(|other| *other != number);
                    }
                }
            }
            Step::Spawn => {
                let task = self.run(Task::spawn);
                let inherited = self.model().clone();
                self.tasks.push((task, inherited));
            }
            Step::Switch(which) => self.running = which % self.tasks.len(),
            Step::Start => {
                let operation = self.run(QueueOperation::start);
                let hearers = self.model().clone();
                self.operations.push((operation, hearers));
            }
            Step::End(which) if !self.operations.is_empty() => {
                let index = which % self.operations.len();
                let (operation, hearers) = self.operations.swap_remove(index);
                self.run(|| end(operation));
                assert_eq!(self.heard.take(), reversed(&hearers), "who heard the start");
            }
            Step::Leave(_) | Step::End(_) => {}
        }
    }

    fn check(&mut self) {
        for (task, model) in &mut self.tasks {
            let heard = task.run(|| self.heard.now());
            assert_eq!(heard, reversed(model));
        }
        assert!(
            self.heard.now().is_empty(),
            "nothing leaks out of the tasks"
        );
    }
}

fn reversed(model: &[usize]) -> Vec<usize> {
    model.iter().rev().copied().collect()
}

proptest! {
    #[test]
    fn what_is_in_force_equals_the_model(steps in prop::collection::vec(step(), 0..60)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
    }

    #[test]
    fn who_has_all_guards_dropped_outside_has_nothing_in_force(
        steps in prop::collection::vec(step(), 0..30)
    ) {
        let mut world = World::new();
        let enters = |step: &&Step| !matches!(step, Step::Leave(_));
        for step in steps.iter().filter(enters) {
            world.take(step);
        }
        world.guards.clear();
        for (task, model) in &mut world.tasks {
            model.clear();
            task.run(|| assert!(current().is_none()));
        }
        world.check();
    }
}
