use crate::run::run;
use crate::turns::{Log, settle};
use futures_lite::StreamExt;
use loopscope::event_loop::{JoinHandle, spawn, yield_now};
use loopscope::sync::{AsyncQueue, PutError};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

#[derive(Debug, Clone)]
enum Step {
    Put,
    Get,
    CancelGetter(prop::sample::Index),
    CancelPutter(prop::sample::Index),
    Yield,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Put),
        3 => Just(Step::Get),
        1 => any::<prop::sample::Index>().prop_map(Step::CancelGetter),
        1 => any::<prop::sample::Index>().prop_map(Step::CancelPutter),
        2 => Just(Step::Yield),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whoever is cancelled when: items come out in the order in which they went in, each
    /// once, and none is lost that was put in.
    #[test]
    fn nothing_is_lost_doubled_or_reordered(capacity in 1usize..4, steps in steps()) {
        let accepted = Rc::new(RefCell::new(VecDeque::new()));
        let taken = Rc::new(RefCell::new(Vec::new()));
        run(async {
            let queue = AsyncQueue::bounded(capacity);
            let (mut getters, mut putters) = (Vec::new(), Vec::new());
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Put => {
                        let (queue, accepted) = (queue.clone(), accepted.clone());
                        putters.push(spawn(async move {
                            if queue.put(number).await.is_ok() {
                                accepted.borrow_mut().push_back(number);
                            }
                        }));
                    }
                    Step::Get => {
                        let (queue, taken) = (queue.clone(), taken.clone());
                        getters.push(spawn(async move {
                            if let Ok(item) = queue.get().await {
                                taken.borrow_mut().push(item);
                            }
                        }));
                    }
                    Step::CancelGetter(pick) if !getters.is_empty() => {
                        getters.swap_remove(pick.index(getters.len())).cancel();
                    }
                    Step::CancelPutter(pick) if !putters.is_empty() => {
                        putters.swap_remove(pick.index(putters.len())).cancel();
                    }
                    _ => yield_now().await,
                }
                assert!(queue.len() <= capacity);
            }
            for _ in 0..100 {
                yield_now().await;
            }
            queue.close();
            for task in getters.into_iter().chain(putters) {
                let _ = task.await;
            }
            let left: Vec<_> = queue.until_empty().collect().await;
            taken.borrow_mut().extend(left);
        });
        prop_assert_eq!(&*taken.borrow(), &accepted.borrow().iter().copied().collect::<Vec<_>>());
    }
}

#[derive(Debug, Clone)]
enum Settled {
    Put,
    TryPut,
    Get,
    TryGet,
    CancelGetter(prop::sample::Index),
    CancelPutter(prop::sample::Index),
    Close,
}

fn settled_steps() -> impl Strategy<Value = Vec<Settled>> {
    let step = prop_oneof![
        8 => Just(Settled::Put),
        4 => Just(Settled::TryPut),
        8 => Just(Settled::Get),
        4 => Just(Settled::TryGet),
        4 => any::<prop::sample::Index>().prop_map(Settled::CancelGetter),
        4 => any::<prop::sample::Index>().prop_map(Settled::CancelPutter),
        1 => Just(Settled::Close),
    ];
    prop::collection::vec(step, 1..60)
}

/// A queue, who waits on either side of it, and what they ended in: for a getter its item, for a
/// putter whether its item went in.
#[derive(Default)]
struct Model {
    capacity: usize,
    closed: bool,
    items: VecDeque<usize>,
    getters: VecDeque<usize>,
    putters: VecDeque<usize>,
    got: Vec<(usize, Option<usize>)>,
    put: Vec<(usize, bool)>,
}

impl Model {
    fn has_room(&self) -> bool {
        !self.closed && self.items.len() < self.capacity
    }

    fn settle(&mut self) {
        loop {
            if self.has_room()
                && let Some(number) = self.putters.pop_front()
            {
                self.items.push_back(number);
                self.put.push((number, true));
            } else if !self.items.is_empty()
                && let Some(number) = self.getters.pop_front()
            {
                self.got.push((number, self.items.pop_front()));
            } else if self.closed
                && let Some(number) = self.putters.pop_front()
            {
                self.put.push((number, false));
            } else if self.closed
                && let Some(number) = self.getters.pop_front()
            {
                self.got.push((number, None));
            } else {
                return;
            }
        }
    }
}

/// A queue on the loop, with the tasks that use it.
struct Program {
    queue: AsyncQueue<usize>,
    got: Log<(usize, Option<usize>)>,
    put: Log<(usize, bool)>,
    getters: Vec<(usize, JoinHandle<()>)>,
    putters: Vec<(usize, JoinHandle<()>)>,
}

impl Program {
    fn step(&mut self, number: usize, step: Settled, model: &mut Model) {
        let queue = self.queue.clone();
        match step {
            Settled::Put => {
                let put = self.put.clone();
                let task = spawn(async move {
                    let is_in = match queue.put(number).await {
                        Ok(()) => true,
                        Err(PutError(item)) => {
                            assert_eq!(item, number);
                            false
                        }
                    };
                    put.borrow_mut().push((number, is_in));
                });
                self.putters.push((number, task));
                model.putters.push_back(number);
            }
            Settled::TryPut => {
                let has_room = model.has_room();
                assert_eq!(queue.try_put(number).is_ok(), has_room);
                if has_room {
                    model.items.push_back(number);
                }
            }
            Settled::Get => {
                let got = self.got.clone();
                let task = spawn(async move {
                    let item = queue.get().await;
                    got.borrow_mut().push((number, item.ok()));
                });
                self.getters.push((number, task));
                model.getters.push_back(number);
            }
            Settled::TryGet => assert_eq!(queue.try_get().ok(), model.items.pop_front()),
            Settled::CancelGetter(pick) => cancel(&mut self.getters, &mut model.getters, &pick),
            Settled::CancelPutter(pick) => cancel(&mut self.putters, &mut model.putters, &pick),
            Settled::Close => {
                queue.close();
                model.closed = true;
            }
        }
    }
}

fn cancel(
    tasks: &mut Vec<(usize, JoinHandle<()>)>,
    line: &mut VecDeque<usize>,
    pick: &prop::sample::Index,
) {
    if !tasks.is_empty() {
        let (number, task) = tasks.swap_remove(pick.index(tasks.len()));
        task.cancel();
        line.retain(|waiting| *waiting != number);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Where each step is taken when all tasks wait, the queue does what its model does: who is
    /// served when, with which item, and what is in it.
    #[test]
    fn it_does_what_its_model_does(capacity in 1_usize..4, steps in settled_steps()) {
        run(async {
            let mut model = Model { capacity, ..Model::default() };
            let mut program = Program {
                queue: AsyncQueue::bounded(capacity),
                got: Log::default(),
                put: Log::default(),
                getters: Vec::new(),
                putters: Vec::new(),
            };
            for (number, step) in steps.into_iter().enumerate() {
                program.step(number, step, &mut model);
                settle().await;
                model.settle();
                assert_eq!(program.queue.len(), model.items.len());
                assert_eq!(*program.got.borrow(), model.got);
                assert_eq!(*program.put.borrow(), model.put);
            }
        });
    }
}
