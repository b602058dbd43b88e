//! The zone's own name servers have other addresses than the published one.
//!
//! | what they have | what follows |
//! |---|---|
//! | another address, and they never had what was published, an hour after it was accepted | the record is hidden, by a proxy, an alias or another view of the zone: the owner is told once. After a restart the address is sent again once first, unless the other one is private |
//! | another address, the first time within a day | the address is sent again at once |
//! | the same once more | it is sent again, an hour after the first time at least |
//! | the same a third time | somebody else writes the record: it is left alone, and the owner is told |
//! | another address beside the published one, which was alone before, and without `share` | the owner is told: sending again would not remove it |
//! | an address that this router had before | the same, but the record is stale and nobody else's |
//!
//! So DNS causes two requests a day at most for each record, however often the daemon starts, and two daemons that
//! publish the same name do not fight. The record is left alone until the owner runs `update`, the configuration is loaded again, the
//! provider accepts an address, or DNS is right. A day after the first correction it is corrected again, if a
//! look-up happens to follow.

use std::net::IpAddr;
use std::time::Duration;

use super::presence::Presence;
use super::{Record, Timeline};
use crate::dns::Found;
use crate::engine::registered::Registered;
use crate::engine::wait::Wait;
use crate::model::address::{list, not_public};
use crate::time::duration::{seconds, until};
use crate::time::{Now, UnixSeconds};

/// Most corrections within [`DAY`].
const MOST: usize = 2;
/// A day, in seconds.
const DAY: u64 = 86_400;
/// The least time between two corrections, in seconds.
const APART: u64 = 3600;
/// Name servers may have what was there before for this long: secondaries copy a zone as seldom, and caches before
/// them keep an answer as long.
const LAGS: Duration = Duration::from_secs(3600);

/// What DNS has shown of a record.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    /// Whether DNS shows what the provider accepts.
    pub(super) visibility: Visibility,
    /// The times of the latest corrections by the wall clock, at most [`MOST`], the latest one last.
    pub(super) corrections: Vec<UnixSeconds>,
    /// What DNS had in the place of the published address, unless that has changed since.
    difference: Option<Difference>,
}

/// Whether the zone's own name servers show what the provider accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Visibility {
    /// It is not known yet.
    #[default]
    Unknown,
    /// They have shown it.
    Seen,
    /// They have shown it, and nothing else.
    Alone,
    /// They did not show it, although it was accepted and had the time to arrive.
    Hidden,
}

/// Other addresses in DNS than the published one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The addresses; empty if DNS has none.
    pub found: Vec<IpAddr>,
    /// When they were found first, by the wall clock.
    pub found_at: UnixSeconds,
    /// Until when this router had the address itself, by the wall clock; `None` if it is somebody else's.
    former: Option<UnixSeconds>,
    remedy: Remedy,
}

/// What is done about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// The published address is sent again.
    Sent,
    /// DNS is asked again at this time, since boot.
    AskedAgain(Duration),
    /// Nothing: it was sent again too often.
    LeftAlone,
    /// Nothing: the published address is there, too.
    Added,
    /// Nothing: DNS does not show what is published.
    Hidden,
}

impl Remedy {
    /// Whether nothing is done although DNS shows what is published.
    fn is_alarm(self) -> bool {
        matches!(self, Self::LeftAlone | Self::Added)
    }

    /// Whether an owner who was told of `self` knows `other`.
    fn is_like(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::AskedAgain(_), Self::AskedAgain(_)))
    }
}

impl Difference {
    /// Whether somebody else writes the record, and the owner must do something about it.
    pub fn is_foreign(&self) -> bool {
        self.remedy.is_alarm() && self.former.is_none()
    }

    /// What DNS has in the place of `published`, and what follows. `section` is the name of the section.
    pub fn sentence(&self, published: IpAddr, section: &str, now: Now) -> String {
        let found = list(&self.found);
        let whose = match self.former {
            Some(until) => {
                let ago = seconds(Duration::from_secs(now.wall.saturating_sub(until)));
                format!(", which this router had until {ago} ago")
            }
            None => String::new(),
        };
        let what = format!("the zone's name servers have {found}{whose}, not {published}");
        match self.remedy {
            Remedy::Added => format!(
                "the zone's name servers have {found}{whose}, beside {published}: remove it, or set option \
                 'share' if it belongs there"
            ),
            Remedy::Sent => format!("{what}: sending it again"),
            Remedy::AskedAgain(at) => format!("{what}: asked again in {}", until(at, now)),
            Remedy::LeftAlone => {
                let why = match self.former {
                    Some(_) => "sending it again does not help",
                    None => "somebody else writes this record",
                };
                format!(
                    "{what}, after {MOST} corrections within a day: {why}. The daemon leaves the record \
                     alone. 'ddns-netlink update {section}' sends the address again"
                )
            }
            Remedy::Hidden => format!(
                "{what}, and did not show it before: a proxy, an alias or another view of the zone hides \
                 it. Nothing is sent for that"
            ),
        }
    }
}

impl Sight {
    /// The corrections within the last day. One in the future comes from a wrong clock, so it does not count.
    fn recent(&self, wall: UnixSeconds) -> impl DoubleEndedIterator<Item = &UnixSeconds> {
        self.corrections.iter().filter(move |at| **at <= wall && wall - **at < DAY)
    }
}

impl Record {
    /// What DNS has in the place of the published address; `None` if it has that, as far as is known.
    pub fn difference(&self) -> Option<&Difference> {
        self.sight.difference.as_ref()
    }

    /// The addresses that the zone's own name servers have in the place of the published one, if that is news and
    /// the published one is still the right one.
    pub fn new_difference(&self, now: Now) -> Option<&[IpAddr]> {
        let found = self.dns.news()?;
        // Without the time, a router that starts again and again would send each time.
        now.trusted_wall()?;
        let published = self.published()?;
        let is_settled = matches!(self.wait(now), Wait::Settled { .. })
            && self.wish.presence == Presence::Present
            && self.wish.address == Some(published);
        if is_settled { Some(found) } else { None }
    }

    /// The zone's own name servers have `found`, in the place of the published address or, if `is_added`, beside it.
    /// This router had that address itself until `former`. Returns the difference if the owner was not told of it
    /// before.
    pub fn differs(
        &mut self,
        found: Vec<IpAddr>,
        is_added: bool,
        former: Option<UnixSeconds>,
        now: Now,
    ) -> Option<Difference> {
        self.dns.compared();
        let remedy =
            if is_added { Remedy::Added } else { self.remedy(&found, former.is_some(), now) };
        // Also if an earlier run has told it.
        let is_known_to_hide =
            remedy == Remedy::Hidden && self.sight.visibility == Visibility::Hidden;
        match remedy {
            Remedy::Sent => self.correct(now),
            Remedy::AskedAgain(at) => self.dns.ask_again(at),
            Remedy::Hidden => self.sight.visibility = Visibility::Hidden,
            Remedy::LeftAlone | Remedy::Added => {}
        }
        let before = self.sight.difference.take().filter(|before| before.found == found);
        let (found_at, is_told) = match before {
            Some(before) => (before.found_at, before.remedy.is_like(remedy)),
            None => (now.wall, false),
        };
        let difference = Difference { found, found_at, former, remedy };
        self.sight.difference = Some(difference.clone());
        if is_told || is_known_to_hide { None } else { Some(difference) }
    }

    fn remedy(&self, found: &[IpAddr], is_former: bool, now: Now) -> Remedy {
        let wall = now.wall;
        let is_inner = found.first().copied().and_then(not_public).is_some();
        let was_seen =
            is_former || matches!(self.sight.visibility, Visibility::Seen | Visibility::Alone);
        if !was_seen && (is_inner || self.sight.visibility == Visibility::Hidden) {
            return Remedy::Hidden;
        }
        let is_of_this_run = self.remote.accepted_up.is_some() && !self.remote.was_taken_over;
        let may_come = is_former || !was_seen && is_of_this_run;
        let visible_at = self.dns_visible_at(LAGS, now).unwrap_or_default();
        if may_come && visible_at > now.up {
            return Remedy::AskedAgain(visible_at);
        }
        // It had its chance: it was accepted in this run, or was sent again for DNS before.
        if !was_seen && (is_of_this_run || !self.sight.corrections.is_empty()) {
            return Remedy::Hidden;
        }
        match self.sight.recent(wall).next_back() {
            _ if self.sight.recent(wall).count() >= MOST => Remedy::LeftAlone,
            Some(last) if wall - last < APART => {
                let rest = Duration::from_secs(APART - (wall - last));
                Remedy::AskedAgain(now.up.saturating_add(rest))
            }
            Some(_) | None => Remedy::Sent,
        }
    }

    /// Has the published address sent again, at the usual pace.
    fn correct(&mut self, now: Now) {
        let corrections = &mut self.sight.corrections;
        corrections.drain(..corrections.len().saturating_sub(MOST - 1));
        corrections.push(now.wall);
        self.remote.in_doubt = true;
        self.wish.timeline = Timeline::since(now.up);
    }

    /// Takes in the answer to the look-up of its registered address. `shares`: others may have addresses under the
    /// name.
    pub fn registered_answered(
        &mut self,
        answer: Result<Found, String>,
        shares: bool,
        now: Now,
        jitter: u32,
    ) {
        self.dns.answered(answer, now, jitter);
        let (Some(found), Some(published)) = (self.dns.news(), self.published()) else { return };
        if !found.contains(&published) {
            return;
        }
        // What was there from the beginning is the owner's. What comes later is not.
        let is_alone = found.len() == 1;
        if is_alone || shares || self.sight.visibility != Visibility::Alone {
            self.dns.compared();
            self.confirmed(is_alone);
        }
    }

    /// The zone's own name servers have the published address, and nothing else if it `is_alone`.
    pub(super) fn confirmed(&mut self, is_alone: bool) {
        self.sight.visibility = if is_alone { Visibility::Alone } else { Visibility::Seen };
        self.sight.difference = None;
    }

    /// The provider has accepted an address or a removal: DNS is asked when it can be expected to have that.
    pub(super) fn expect_in_dns(&mut self) {
        self.sight.difference = None;
        self.dns = Registered::default();
    }

    /// The owner wants the record to be sent, whatever DNS has shown until now.
    pub(super) fn forget_differences(&mut self) {
        self.sight.difference = None;
        self.sight.corrections.clear();
        self.sight.visibility = match self.sight.visibility {
            Visibility::Hidden | Visibility::Unknown => Visibility::Unknown,
            Visibility::Seen | Visibility::Alone => Visibility::Seen,
        };
    }

    /// The configuration was loaded again: DNS is asked again whether somebody else writes the record.
    pub fn ask_again_after_reload(&mut self) {
        if self.sight.difference.as_ref().is_some_and(|it| it.remedy.is_alarm()) {
            self.sight.difference = None;
            self.dns.ask_again(Duration::ZERO);
        }
    }
}
