//! What was said of one symbol at once: each client is told all that it wants of it in one go, and market data as one run of bytes.

use crate::encoded::{Born, Encoded};
use crate::queue::{Inner, MARKET, class};
use hypersentry_engine::Publication;
use hypersentry_model::{StreamKey, Symbol, Timestamp};

/// How a publication comes to a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// The first of a market is a snapshot: clients get it like any other snapshot.
    First,
    /// Complete in itself, and told often: the newest alone is worth sending.
    Newest,
    /// Each is sent.
    Each,
}

struct Said {
    publication: Publication,
    /// The state after it, where it is not complete in itself.
    snapshot: Option<Publication>,
    stream: StreamKey,
    kind: Kind,
    /// As bytes, once somebody has wanted it: nobody may listen.
    encoded: Option<Encoded>,
}

impl Said {
    fn new(publication: Publication, snapshot: Option<Publication>) -> Self {
        let kind = match &publication {
            Publication::Agg(e) if e.data.base_version.is_none() => Kind::First,
            Publication::Conviction(_) | Publication::Governance(_) => Kind::Newest,
            _ => Kind::Each,
        };
        Self {
            stream: publication.stream(),
            publication,
            snapshot,
            kind,
            encoded: None,
        }
    }

    fn encoded(&mut self, now: Timestamp) -> &Encoded {
        let (publication, stream) = (&self.publication, self.stream);
        self.encoded.get_or_insert_with(|| {
            let born = Born {
                event_ms: publication.ts_ms(),
                taken: now,
            };
            let message = Encoded::json(publication).born(born);
            message.of(stream, publication.seq())
        })
    }

    /// Market data of which each is sent: these may go together.
    fn runs(&self) -> bool {
        self.kind == Kind::Each && class(self.stream.event_type) == MARKET
    }
}

/// What was said of one symbol at once, in order; as long as the step that said it.
#[derive(Default)]
pub(crate) struct Burst {
    said: Vec<Said>,
    /// Those that may go together, once somebody has wanted them.
    run: Option<Encoded>,
}

impl Burst {
    pub(crate) fn add(&mut self, publication: Publication, snapshot: Option<Publication>) {
        self.said.push(Said::new(publication, snapshot));
    }

    /// All that may go together as one; none if that is no more than one message.
    fn run(&mut self, now: Timestamp) -> Option<&Encoded> {
        if self.run.is_none() {
            let mut those: Vec<&mut Said> = self.said.iter_mut().filter(|s| s.runs()).collect();
            if those.len() < 2 {
                return None;
            }
            let messages = those.iter_mut().map(|s| s.encoded(now).clone());
            let run = Encoded::run(&messages.collect::<Vec<_>>());
            // The run has the bytes: whoever is told one by one shares them.
            for (said, piece) in those.iter_mut().zip(run.messages()) {
                said.encoded = Some(piece.clone());
            }
            self.run = Some(run);
        }
        self.run.as_ref()
    }

    /// Tells a client all that it wants of it.
    pub(crate) fn tell(&mut self, inner: &mut Inner, symbol: Symbol, now: Timestamp) {
        let channels = inner.channels(symbol);
        // Whether all that may go together has gone, once that was tried. They are of one channel, and where one of their streams is marked
        // by what stands between them, all that waits of it is left out.
        let mut gone = None;
        for n in 0..self.said.len() {
            let stream = self.said[n].stream;
            if !channels.carry(stream.event_type) {
                continue;
            }
            if self.said[n].runs() {
                let mut run = |burst: &mut Self| burst.run(now).is_some_and(|run| inner.run(run));
                if *gone.get_or_insert_with(|| run(self)) {
                    continue;
                }
            }
            let said = &mut self.said[n];
            match said.kind {
                Kind::First => inner.mark(stream),
                Kind::Newest => inner.newest(said.encoded(now)),
                Kind::Each => inner.event(said.encoded(now)),
            }
        }
    }

    /// The newest states of its streams, in order.
    pub(crate) fn states(self) -> impl Iterator<Item = Publication> {
        self.said
            .into_iter()
            .filter_map(|said| match said.publication {
                Publication::Agg(_) | Publication::Liquidations(_) => said.snapshot,
                whole => Some(whole),
            })
    }
}
