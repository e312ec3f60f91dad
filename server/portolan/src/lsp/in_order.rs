//! Keeps messages in order and panics apart.
//!
//! The library puts the futures of all handlers in one buffer and polls them when it gets to it. Here each is polled once as its message
//! arrives: a notification, whose handler never waits, is then done, and a request knows what came before it. Invariant: a panic in a handler
//! costs that message, not the server.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_service::Service;

use super::lenient;
use crate::guard::guarded;

/// Wraps the library's service.
#[derive(Debug)]
pub(super) struct InOrder<S> {
    inner: S,
    exit: Arc<Notify>,
}

impl<S> InOrder<S> {
    /// Wraps `inner`; `exit` is told when the editor says so.
    pub(super) fn new(inner: S, exit: Arc<Notify>) -> Self {
        Self { inner, exit }
    }
}

impl<S> Service<Request> for InOrder<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Option<Response>;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let id = request.id().cloned();
        if request.method() == "exit" {
            self.exit.notify_one();
        }
        let mut answer = Answer { id, state: State::Working(Box::pin(self.inner.call(lenient::mend(request)))) };
        // Whoever polls next brings the real waker.
        if let Poll::Ready(done) = answer.poll_work(&mut Context::from_waker(Waker::noop())) {
            answer.state = State::Done(Some(done));
        }
        answer
    }
}

type Work<E> = Pin<Box<dyn Future<Output = Result<Option<Response>, E>> + Send>>;

/// The answer to a message, to be.
pub(super) struct Answer<E> {
    id: Option<Id>,
    state: State<E>,
}

enum State<E> {
    Working(Work<E>),
    Done(Option<Result<Option<Response>, E>>),
}

// The work is boxed and the result is moved out by value.
impl<E> Unpin for Answer<E> {}

impl<E> Answer<E> {
    fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Response>, E>> {
        match &mut self.state {
            State::Working(work) => guarded(|| work.as_mut().poll(context)).unwrap_or_else(|panic| {
                tracing::error!("a handler met a bug: {panic}");
                Poll::Ready(Ok(self.id.take().map(|id| Response::from_error(id, Error::internal_error()))))
            }),
            State::Done(done) => done.take().map_or(Poll::Pending, Poll::Ready),
        }
    }
}

impl<E> Future for Answer<E> {
    type Output = Result<Option<Response>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let poll = self.poll_work(context);
        if poll.is_ready() {
            // Whatever the work held is let go at once.
            self.state = State::Done(None);
        }
        poll
    }
}
