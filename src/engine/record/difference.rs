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
//! publish the same name do not fight. An alarm is told once, however often the daemon starts. The record is left
//! alone until the owner runs `update`, the configuration is loaded again, the provider accepts an address, or DNS is
//! right. A day after the first correction it is corrected again, if a look-up happens to follow.

use std::net::IpAddr;

use super::presence::Presence;
use super::{Record, Timeline};
use crate::dns::Found;
use crate::engine::registered::Registered;
use crate::engine::wait::Wait;
use crate::model::address::{list, not_public};
use crate::state::{Visibility, checksum};
use crate::time::duration::{seconds, until};
use crate::time::{Duration, Now, UnixSeconds};

/// Most corrections within [`DAY`].
const MOST: usize = 2;
/// A day, in seconds.
const DAY: u64 = 86_400;
/// The least time between two corrections, in seconds.
const BETWEEN_CORRECTIONS: u64 = 3600;
/// A clock that is ever set is right this long after the start.
const CLOCK_IS_SET: Duration = Duration::from_secs(3600);
/// For how long name servers may answer with the previous address: a secondary may copy the zone only once in that
/// time, and a cache may keep an answer for that time.
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
    /// See [`crate::state::SavedSight::alarm`].
    pub(super) alarm: Option<u64>,
}

/// Other addresses in DNS than the published one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The addresses; empty if DNS has none.
    pub found: Vec<IpAddr>,
    /// When they were found first, by the wall clock.
    pub found_at: UnixSeconds,
    /// Until when this router had the address itself, by the wall clock; `None` if it is somebody else's.
    ours_until: Option<UnixSeconds>,
    response: Response,
}

/// What is done about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Response {
    /// The published address is sent again.
    Resend,
    /// DNS is asked again at this time, since boot.
    AskedAgain(Duration),
    /// Nothing: it was sent again too often.
    LeftAlone,
    /// Nothing: the published address is there, too.
    Added,
    /// Nothing: DNS does not show what is published.
    Hidden,
}

impl Response {
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
        self.response.is_alarm() && self.ours_until.is_none()
    }

    /// What DNS has in the place of `published`, and what follows. `section` is the name of the section.
    pub fn sentence(&self, published: IpAddr, section: &str, now: Now) -> String {
        let found = list(&self.found);
        let whose = match self.ours_until {
            Some(until) => {
                let ago = seconds(Duration::from_secs(now.wall.saturating_sub(until)));
                format!(", which this router had until {ago} ago")
            }
            None => String::new(),
        };
        let what = format!("the zone's name servers have {found}{whose}, not {published}");
        match self.response {
            Response::Added => format!(
                "the zone's name servers have {found}{whose}, beside {published}: remove it, or set option \
                 'share' if it belongs there"
            ),
            Response::Resend => format!("{what}: sending it again"),
            Response::AskedAgain(at) => format!("{what}: asked again in {}", until(at, now)),
            Response::LeftAlone => {
                let why = match self.ours_until {
                    Some(_) => "sending it again does not help",
                    None => "somebody else writes this record",
                };
                format!(
                    "{what}, after {MOST} corrections within a day: {why}. The daemon leaves the record \
                     alone. 'ddns-netlink update {section}' sends the address again"
                )
            }
            Response::Hidden => format!(
                "{what}, and did not show it before: a proxy, an alias or another view of the zone hides \
                 it. Nothing is sent for that"
            ),
        }
    }
}

impl Sight {
    /// The ages of the corrections within the last day, in seconds. One in the future counts as one of now: a router
    /// without a clock of its own starts with an earlier time, and would send at each start.
    fn recent(&self, wall: UnixSeconds) -> impl DoubleEndedIterator<Item = u64> {
        let ages = self.corrections.iter().map(move |at| wall.saturating_sub(*at));
        ages.filter(|age| *age < DAY)
    }

    /// A correction that is still in the future was made while the clock was wrong. It counts from now on, so that
    /// it ends.
    fn date_corrections(&mut self, wall: UnixSeconds) {
        for at in &mut self.corrections {
            *at = (*at).min(wall);
        }
    }

    /// Notes that the owner is told of `difference`. Returns whether an earlier run has told it.
    fn was_told(&mut self, difference: &Difference) -> bool {
        if !difference.is_foreign() {
            return false;
        }
        // The state file needs the addresses only to recognise them, and a checksum is short.
        let alarm = u64::from(checksum(&list(&difference.found)));
        self.alarm.replace(alarm) == Some(alarm)
    }

    /// There is no difference any more, or the owner is to be told of it anew.
    fn forget_difference(&mut self) {
        self.difference = None;
        self.alarm = None;
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
        let found = self.registered.news()?;
        // Without the time, a router that starts again and again would send each time.
        now.trusted_wall()?;
        let published = self.published()?;
        let is_settled = matches!(self.wait(now), Wait::Settled { .. })
            && self.wish.presence == Presence::Present
            && self.wish.address == Some(published);
        if is_settled { Some(found) } else { None }
    }

    /// The zone's own name servers have `found`, in the place of the published address or, if `is_added`, beside it.
    /// This router had that address itself until `ours_until`. Returns whether the owner was not told of it before.
    pub fn differs(
        &mut self,
        found: Vec<IpAddr>,
        is_added: bool,
        ours_until: Option<UnixSeconds>,
        now: Now,
    ) -> bool {
        self.registered.compared();
        if now.up.saturating_sub(self.started) >= CLOCK_IS_SET {
            self.sight.date_corrections(now.wall);
        }
        let response = if is_added {
            Response::Added
        } else {
            self.respond(&found, ours_until.is_some(), now)
        };
        // An earlier run may have told the owner that the record is hidden.
        let is_known_to_hide =
            response == Response::Hidden && self.sight.visibility == Visibility::Hidden;
        match response {
            Response::Resend => self.resend(now),
            Response::AskedAgain(at) => self.registered.ask_again(at),
            Response::Hidden => self.sight.visibility = Visibility::Hidden,
            Response::LeftAlone | Response::Added => {}
        }
        let is_told = self.note_difference(found, response, ours_until, now);
        !is_told && !is_known_to_hide
    }

    /// Keeps the difference. Returns whether the owner was told of it, in this run or in an earlier one.
    fn note_difference(
        &mut self,
        found: Vec<IpAddr>,
        response: Response,
        ours_until: Option<UnixSeconds>,
        now: Now,
    ) -> bool {
        // Other addresses than before are a new difference, of which the owner has not heard.
        let before = self.sight.difference.take().filter(|before| before.found == found);
        let (found_at, is_told) = match before {
            Some(before) => (before.found_at, before.response.is_like(response)),
            None => (now.wall, false),
        };
        let difference = Difference { found, found_at, ours_until, response };
        let is_known_alarm = self.sight.was_told(&difference);
        self.sight.difference = Some(difference);
        is_told || is_known_alarm
    }

    /// What is done about `found`, which DNS has in the place of the published address. `is_former`: this router had
    /// it before.
    fn respond(&self, found: &[IpAddr], is_former: bool, now: Now) -> Response {
        match (is_former, self.sight.visibility) {
            // A name server that is slow still has it.
            (true, _) => match self.lag_end(now) {
                Some(at) => Response::AskedAgain(at),
                None => self.limited(now),
            },
            (false, Visibility::Seen | Visibility::Alone) => self.limited(now),
            (false, Visibility::Hidden) => Response::Hidden,
            (false, Visibility::Unknown) => self.respond_unseen(found, now),
        }
    }

    /// What is done about `found` if DNS has never shown what was published.
    fn respond_unseen(&self, found: &[IpAddr], now: Now) -> Response {
        // A private address is not meant for the internet, so this is an inner view of the zone.
        let is_inner = found.iter().any(|address| not_public(*address).is_some());
        let is_of_this_run = self.remote.accepted_up.is_some() && !self.remote.was_taken_over;
        let is_sent_again = !self.sight.corrections.is_empty();
        match self.lag_end(now) {
            _ if is_inner => Response::Hidden,
            Some(at) if is_of_this_run => Response::AskedAgain(at),
            // It had its chance: it was accepted in this run, or was sent again for DNS before.
            _ if is_of_this_run || is_sent_again => Response::Hidden,
            _ => self.limited(now),
        }
    }

    /// When every name server must have the published address, since boot; `None` if that time is over.
    fn lag_end(&self, now: Now) -> Option<Duration> {
        self.dns_visible_at(LAGS, now).filter(|at| *at > now.up)
    }

    /// The published address is sent again, as often as that is allowed.
    fn limited(&self, now: Now) -> Response {
        let wall = now.wall;
        match self.sight.recent(wall).next_back() {
            _ if self.sight.recent(wall).count() >= MOST => Response::LeftAlone,
            Some(age) if age < BETWEEN_CORRECTIONS => {
                let rest = Duration::from_secs(BETWEEN_CORRECTIONS - age);
                Response::AskedAgain(now.up.saturating_add(rest))
            }
            Some(_) | None => Response::Resend,
        }
    }

    /// Has the published address sent again, at the usual pace.
    fn resend(&mut self, now: Now) {
        let corrections = &mut self.sight.corrections;
        corrections.drain(..corrections.len().saturating_sub(MOST - 1));
        corrections.push(now.wall);
        // A record in doubt is owed, also after a restart.
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
        self.registered.answered(answer, now, jitter);
        let (Some(found), Some(published)) = (self.registered.news(), self.published()) else {
            return;
        };
        if !found.contains(&published) {
            return;
        }
        // The owner wrote the addresses that stood beside ours from the beginning. Somebody else wrote those that
        // come later.
        let is_alone = found.len() == 1;
        if is_alone || shares || self.sight.visibility != Visibility::Alone {
            self.registered.compared();
            self.confirmed(is_alone);
        }
    }

    /// The zone's own name servers have the published address, and nothing else if it `is_alone`.
    pub(super) fn confirmed(&mut self, is_alone: bool) {
        self.sight.visibility = if is_alone { Visibility::Alone } else { Visibility::Seen };
        self.sight.forget_difference();
    }

    /// The provider has accepted an address or a removal: DNS is asked when it can be expected to have that.
    pub(super) fn expect_in_dns(&mut self) {
        self.sight.forget_difference();
        self.registered = Registered::default();
    }

    /// The owner wants the record to be sent, whatever DNS has shown until now.
    pub(super) fn forget_differences(&mut self) {
        self.sight.forget_difference();
        self.sight.corrections.clear();
        self.sight.visibility = match self.sight.visibility {
            // The owner may have ended what hid the record.
            Visibility::Hidden | Visibility::Unknown => Visibility::Unknown,
            Visibility::Seen | Visibility::Alone => Visibility::Seen,
        };
    }

    /// The configuration was loaded again: DNS is asked again whether somebody else writes the record.
    pub fn ask_again_after_reload(&mut self) {
        // An owner who was told of it has probably changed something.
        if self.sight.difference.as_ref().is_some_and(|it| it.response.is_alarm()) {
            self.sight.forget_difference();
            self.registered.ask_again(Duration::ZERO);
        }
    }
}
