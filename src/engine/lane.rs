//! An arrival queue with the clients that serve it: in an open loop, calls wait here until a client takes them up.

use super::recorder::Interval;
use rand_pcg::Pcg64;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    time::Instant,
};
use tokio::sync::Notify;

/// One call that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// When it was meant to begin; response times count from here.
    pub(super) intended: Instant,
    pub(super) operation: usize,
    /// The stage of the load that it belongs to.
    pub(super) stage: usize,
    /// Draws the call's parameters: the same, whichever client takes it up.
    pub(super) rng: Pcg64,
}

/// A queue of arrivals. Clients take from its front; what comes when it is full is shed.
#[derive(Debug)]
pub(super) struct Lane {
    queue: RefCell<VecDeque<Arrival>>,
    /// Arrivals that may wait for a client, while none is free.
    limit: usize,
    free_clients: Cell<usize>,
    news: Notify,
    /// No more arrivals will come.
    ended: Cell<bool>,
}

impl Lane {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            queue: RefCell::default(),
            limit,
            free_clients: Cell::default(),
            news: Notify::new(),
            ended: Cell::new(false),
        }
    }

    /// The next arrival, as soon as there is one; `None` when the load has ended and nothing waits.
    pub(super) async fn take(&self) -> Option<Arrival> {
        loop {
            let next = self.queue.borrow_mut().pop_front();
            if next.is_some() || self.ended.get() {
                return next;
            }
            self.free_clients.set(self.free_clients.get() + 1);
            self.news.notified().await;
            self.free_clients.set(self.free_clients.get() - 1);
        }
    }

    /// Lets one in, or sheds it.
    pub(super) fn push(&self, arrival: Arrival, interval: &mut Interval) {
        interval.arrived(arrival.operation, arrival.stage);
        let mut queue = self.queue.borrow_mut();
        if queue.len() >= self.limit + self.free_clients.get() {
            interval.shed(arrival.operation, arrival.stage);
            return;
        }
        queue.push_back(arrival);
        self.news.notify_one();
    }

    /// No arrivals will follow: clients go home when the queue is empty.
    pub(super) fn end(&self) {
        self.ended.set(true);
        self.news.notify_waiters();
    }

    /// Gives up what still waits; it counts as unfinished.
    pub(super) fn abandon(&self, interval: &mut Interval) {
        self.end();
        for arrival in self.queue.borrow_mut().drain(..) {
            interval.unfinished(arrival.operation, arrival.stage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixture::on_a_thread;
    use std::rc::Rc;

    fn arrival(operation: usize) -> Arrival {
        Arrival { intended: Instant::now(), operation, stage: 0, rng: crate::stats::stream(1, 2, 0) }
    }

    fn interval() -> Interval {
        Interval::new([1, 1, 1].into_iter(), 1)
    }

    /// Arrivals, shed and unfinished calls of the only stage.
    fn tally(interval: &Interval) -> (u64, u64, u64) {
        let tally = interval.stages[0].tally;
        (tally.arrivals, tally.shed, tally.unfinished)
    }

    /// A client that takes one arrival, and says which it was.
    fn client(lane: &Rc<Lane>) -> tokio::task::JoinHandle<Option<usize>> {
        let lane = Rc::clone(lane);
        tokio::task::spawn_local(async move { lane.take().await.map(|arrival| arrival.operation) })
    }

    #[test]
    fn so_many_wait_and_the_rest_is_shed() {
        let (lane, mut interval) = (Lane::new(2), interval());
        for _ in 0..5 {
            lane.push(arrival(1), &mut interval);
        }
        assert_eq!(tally(&interval), (5, 3, 0));
        let of = interval.operations[1].tally;
        assert_eq!((of.arrivals, of.shed), (5, 3));
        assert_eq!(interval.operations[0].tally, super::super::recorder::Tally::default());
    }

    #[test]
    fn free_clients_do_not_count_as_waiting_room() {
        on_a_thread(async {
            let (lane, mut interval) = (Rc::new(Lane::new(1)), interval());
            let clients = [client(&lane), client(&lane)];
            tokio::task::yield_now().await;
            // Two for the clients, who have not yet looked, one to wait, one too many.
            for operation in [0, 1, 2, 2] {
                lane.push(arrival(operation), &mut interval);
            }
            assert_eq!(tally(&interval), (4, 1, 0));
            let mut taken = Vec::new();
            for client in clients {
                taken.push(client.await.unwrap());
            }
            assert_eq!(taken, [Some(0), Some(1)], "first come, first served");
            // Nobody is free now, and one waits.
            lane.push(arrival(2), &mut interval);
            assert_eq!(tally(&interval), (5, 2, 0));
            assert_eq!(lane.take().await.map(|arrival| arrival.operation), Some(2));
        });
    }

    #[test]
    fn without_waiting_room_a_free_client_is_enough() {
        on_a_thread(async {
            let (lane, mut interval) = (Rc::new(Lane::new(0)), interval());
            lane.push(arrival(0), &mut interval);
            assert_eq!(tally(&interval), (1, 1, 0));
            let client = client(&lane);
            tokio::task::yield_now().await;
            lane.push(arrival(1), &mut interval);
            assert_eq!(tally(&interval), (2, 1, 0));
            assert_eq!(client.await.unwrap(), Some(1));
        });
    }

    #[test]
    fn clients_go_home_when_the_queue_is_empty() {
        on_a_thread(async {
            let (lane, mut interval) = (Rc::new(Lane::new(9)), interval());
            let waiting = client(&lane);
            tokio::task::yield_now().await;
            lane.push(arrival(0), &mut interval);
            lane.push(arrival(1), &mut interval);
            lane.end();
            assert_eq!(waiting.await.unwrap(), Some(0));
            assert_eq!(client(&lane).await.unwrap(), Some(1), "what waits is still taken up");
            assert_eq!(client(&lane).await.unwrap(), None);
        });
    }

    #[test]
    fn what_is_given_up_is_unfinished() {
        on_a_thread(async {
            let (lane, mut interval) = (Rc::new(Lane::new(2)), interval());
            for operation in [0, 1, 2] {
                lane.push(arrival(operation), &mut interval);
            }
            lane.abandon(&mut interval);
            lane.abandon(&mut interval);
            assert_eq!(tally(&interval), (3, 1, 2));
            assert_eq!(interval.operations[2].tally.shed, 1);
            assert_eq!(client(&lane).await.unwrap(), None);
        });
    }
}
