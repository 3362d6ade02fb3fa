//! No paths of this venue are served yet.
#![allow(dead_code)]

use crate::door::{Knock, not_found};
use crate::faults::{FrameForm, VenueFaults};
use crate::generator::Market;
use crate::hub::Hub;
use crate::rest::{Reply, RestAnswer, RestRequest};
use crate::session::{ClientId, Flow, Pace};
use crate::world::World;
pub(crate) const NOTICE: &str = "";
#[derive(Debug)]
pub(crate) struct Feeds {
    pub(crate) hub: Hub<usize>,
}
impl Feeds {
    pub(crate) fn new(_: &Market) -> Self {
        Self {
            hub: Hub::default(),
        }
    }
    pub(crate) fn publish(&mut self, _: &mut Market, _: &mut VenueFaults) {}
    pub(crate) fn send_wrong(&mut self, _: &Market, _: &str, _: FrameForm, _: &mut VenueFaults) {}
    pub(crate) fn subscribed(&self, _: ClientId) -> bool {
        true
    }
}
pub(crate) fn open(_: &mut World, _: &Knock<'_>) -> Result<(ClientId, Pace), RestAnswer> {
    Err(not_found())
}
pub(crate) fn text(_: &mut World, _: ClientId, _: &str) -> Flow {
    Flow::Drop
}
pub(crate) fn answer(_: &mut World, _: &RestRequest) -> Reply {
    not_found().into()
}
