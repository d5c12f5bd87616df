//! A thread's precise alarm clock: the runtime's own timer rounds up to whole milliseconds, which would be most of a
//! fast call's response time.

use super::alarm::Alarm;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// When a sleeper wants to wake, and its number, for sleepers of the same instant.
type Key = (Instant, u64);

/// Wakes the tasks of one thread.
#[derive(Debug)]
pub(super) struct Clock {
    alarm: Alarm,
    sleepers: RefCell<BTreeMap<Key, Waker>>,
    numbers: Cell<u64>,
}

impl Clock {
    /// Sets the clock up on the current thread's runtime, and starts the task that serves it.
    pub(super) fn start() -> std::io::Result<Rc<Self>> {
        let clock =
            Rc::new(Self { alarm: Alarm::new()?, sleepers: RefCell::default(), numbers: Cell::default() });
        let served = Rc::clone(&clock);
        tokio::task::spawn_local(async move {
            while served.alarm.rings().await.is_ok() {
                served.wake();
            }
        });
        Ok(clock)
    }

    /// Completes at `due`, or at once if that has passed.
    pub(super) fn sleep_until(&self, due: Instant) -> Sleep<'_> {
        let number = self.numbers.get();
        self.numbers.set(number + 1);
        Sleep { clock: self, key: (due, number) }
    }

    /// Completes after `pause`.
    pub(super) fn sleep(&self, pause: Duration) -> Sleep<'_> {
        self.sleep_until(Instant::now() + pause)
    }

    fn wake(&self) {
        let now = Instant::now();
        let mut sleepers = self.sleepers.borrow_mut();
        while let Some(first) = sleepers.first_entry() {
            if first.key().0 > now {
                self.alarm.set(first.key().0);
                return;
            }
            first.remove().wake();
        }
    }
}

/// A sleeper of a [`Clock`].
#[derive(Debug)]
pub(super) struct Sleep<'a> {
    clock: &'a Clock,
    key: Key,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.key.0 {
            return Poll::Ready(());
        }
        let mut sleepers = self.clock.sleepers.borrow_mut();
        sleepers.insert(self.key, context.waker().clone());
        if sleepers.first_key_value().is_some_and(|(first, _)| *first == self.key) {
            self.clock.alarm.set(self.key.0);
        }
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.clock.sleepers.borrow_mut().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixture::on_a_thread;

    #[test]
    fn sleepers_wake_in_order_and_not_before_their_time() {
        on_a_thread(async {
            let clock = Clock::start().unwrap();
            let began = Instant::now();
            let woken = RefCell::new(Vec::new());
            let sleeper = |ms: u64| {
                let (clock, woken) = (&clock, &woken);
                async move {
                    clock.sleep_until(began + Duration::from_millis(ms)).await;
                    assert!(began.elapsed() >= Duration::from_millis(ms));
                    woken.borrow_mut().push(ms);
                }
            };
            tokio::join!(sleeper(9), sleeper(3), sleeper(6), sleeper(0));
            assert_eq!(*woken.borrow(), [0, 3, 6, 9]);
        });
    }

    #[test]
    fn a_sleeper_that_is_dropped_wakes_nobody_and_holds_nobody_up() {
        on_a_thread(async {
            let clock = Clock::start().unwrap();
            let soon = Instant::now() + Duration::from_millis(2);
            {
                let dropped = clock.sleep_until(soon);
                tokio::select! {
                    biased;
                    () = dropped => unreachable!("its time has not come"),
                    () = std::future::ready(()) => {}
                }
            }
            assert!(clock.sleepers.borrow().is_empty());
            clock.sleep(Duration::from_millis(4)).await;
        });
    }
}
