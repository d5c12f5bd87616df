//! What rings at an instant, to some ten microseconds: a timer of the kernel's on Linux, else the runtime's timer and
//! a busy wait for its last millisecond.

#[cfg(target_os = "linux")]
pub(super) use kernel::Alarm;
#[cfg(not(target_os = "linux"))]
pub(super) use portable::Alarm;

#[cfg(target_os = "linux")]
mod kernel {
    use nix::sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    };
    use std::{
        io,
        os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
        time::{Duration, Instant},
    };
    use tokio::io::{Interest, unix::AsyncFd};

    /// One alarm, set to one instant at a time.
    #[derive(Debug)]
    pub(in crate::engine) struct Alarm(AsyncFd<Timer>);

    #[derive(Debug)]
    struct Timer(TimerFd);

    impl AsFd for Timer {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }

    impl AsRawFd for Timer {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    impl Alarm {
        pub(in crate::engine) fn new() -> io::Result<Self> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let timer = Timer(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
            #[expect(
                deprecated,
                reason = "for what a type could do that lets its descriptor go; this one never does, and the other way is unsafe code"
            )]
            let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
            Ok(Self(timer))
        }

        /// Rings at `due` and not at what was set before.
        pub(in crate::engine) fn set(&self, due: Instant) {
            // Nothing at all would switch the timer off.
            let left = due.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
            let once = Expiration::OneShot(TimeSpec::from_duration(left));
            // It can fail for a time that is none, or a descriptor that is none.
            let _ = self.0.get_ref().0.set(once, TimerSetTimeFlags::empty());
        }

        /// Waits for the next ring. Setting the timer anew also takes back a ring that nobody heard, so the
        /// descriptor need not be read.
        pub(in crate::engine) async fn rings(&self) -> io::Result<()> {
            self.0.readable().await?.clear_ready();
            Ok(())
        }
    }
}

#[cfg(any(test, not(target_os = "linux")))]
mod portable {
    use std::{
        cell::Cell,
        io,
        time::{Duration, Instant},
    };
    use tokio::sync::Notify;

    /// What the runtime's timer may be late by.
    const COARSE: Duration = Duration::from_millis(2);

    /// One alarm, set to one instant at a time.
    #[derive(Debug, Default)]
    pub(in crate::engine) struct Alarm {
        due: Cell<Option<Instant>>,
        set: Notify,
    }

    impl Alarm {
        pub(in crate::engine) fn new() -> io::Result<Self> {
            Ok(Self::default())
        }

        /// Rings at `due` and not at what was set before.
        pub(in crate::engine) fn set(&self, due: Instant) {
            self.due.set(Some(due));
            self.set.notify_one();
        }

        /// Waits for the next ring.
        pub(in crate::engine) async fn rings(&self) -> io::Result<()> {
            loop {
                let Some(due) = self.due.get() else {
                    self.set.notified().await;
                    continue;
                };
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    self.due.set(None);
                    return Ok(());
                }
                if left > COARSE {
                    tokio::select! {
                        () = tokio::time::sleep(left - COARSE) => {}
                        () = self.set.notified() => {}
                    }
                } else {
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    #[test]
    fn both_alarms_ring_after_their_time_and_can_be_set_again() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let portable = super::portable::Alarm::new().unwrap();
            let native = super::Alarm::new().unwrap();
            for ms in [3, 1, 5] {
                let due = Instant::now() + Duration::from_millis(ms);
                portable.set(due + Duration::from_secs(60));
                portable.set(due);
                portable.rings().await.unwrap();
                assert!(Instant::now() >= due);
                let due = Instant::now() + Duration::from_millis(ms);
                native.set(due + Duration::from_secs(60));
                native.set(due);
                native.rings().await.unwrap();
                assert!(Instant::now() >= due);
            }
        });
    }
}
