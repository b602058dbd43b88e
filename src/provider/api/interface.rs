//! An interface with zones and records as data: its requests, where its answers have what, and what its
//! refusals mean. [`records`](super::records) publishes a job with it.

use std::time::Duration;

use super::meaning::Codes;
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::rest::{PAUSE, Rest, Sign};
use super::zone::{Zone, ZoneList};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Answer, Rate};

/// TTL of a new record if `ttl` is not set. The defaults of many providers are hours.
pub const NEW_TTL: u32 = 300;

/// Up to this many names are usually read one by one; for more, the whole zone is read.
pub const MOST_BY_NAME: usize = 4;

/// An interface with zones and records. Requests are written as [calls](super::call); members of answers
/// are named by JSON pointers (RFC 6901).
pub struct Interface {
    /// Headers of every request: name and value, which may have placeholders.
    pub headers: &'static [(&'static str, &'static str)],
    /// Prepares the requests of a conversation, if more than `headers` is needed.
    pub prepare: Option<Prepare>,
    /// Signs a request, or completes it in another way.
    pub sign: Option<Sign>,
    /// The pause after 429 (Too Many Requests) if the answer does not give one.
    pub pause: Duration,
    /// What answers mean.
    pub codes: Codes,
    /// A member that every successful answer of this provider has. If it is there and the list is not, the list
    /// is empty. Without it the answer may be another server's, and is not understood. Not needed if
    /// [`Codes::success`] names such a member.
    pub mark: &'static str,
    /// The documented limit of requests that write, if it is another one than that of all requests.
    pub write_rate: Option<Rate>,
    /// How the zones of the account are found.
    pub zones: ZoneSource,
    /// How requests refer to a zone.
    pub zone_ref: ZoneRef,
    /// How the interface represents records.
    pub model: RecordModel,
    /// How records are read.
    pub read: Reading,
    /// Looks at the records that were read, and settles the goals that must not be written.
    pub inspect: Option<Inspect>,
    /// How a record is shown and named.
    pub form: RecordForm,
    /// How records are written.
    pub write: Writing,
    /// TTL of a new record if `ttl` is not set: [`NEW_TTL`], or the provider's minimum.
    pub new_ttl: u32,
}

/// The most common properties.
pub const INTERFACE: Interface = Interface {
    headers: &[],
    prepare: None,
    sign: None,
    pause: PAUSE,
    codes: Codes::HTTP,
    mark: "",
    write_rate: None,
    zones: ZoneSource::Probe(List::whole("", "")),
    zone_ref: ZoneRef::Name,
    model: RecordModel::ById,
    read: Reading::Zone(List::whole("", "")),
    inspect: None,
    form: RECORD,
    write: Writing::Each(CALLS),
    new_ttl: NEW_TTL,
};

/// See [`Interface::prepare`].
pub type Prepare = fn(&mut Conversation<'_>, &mut Rest) -> ApiResult<()>;
/// See [`Interface::inspect`].
pub type Inspect = fn(&mut Conversation<'_>, &[&Goal<'_>], &[Record]);
/// Lists the zones of the account.
pub type ListZones = fn(&mut Conversation<'_>, &Rest) -> ApiResult<ZoneList>;
/// Reads the records of goals in one zone. May return further records.
pub type ReadFn = fn(&mut Conversation<'_>, &Rest, &Zone, &[&Goal<'_>]) -> ApiResult<Vec<Record>>;
/// Carries out all writes to one zone, or none. Returns the written records, if they have ids and the
/// answer shows them.
pub type WriteFn = fn(&mut Conversation<'_>, &Rest, &Zone, &[Write<'_>]) -> ApiResult<Vec<Record>>;
/// Checks the answer to a write.
pub type CheckFn = fn(&mut Conversation<'_>, &Rest, &Answer) -> ApiResult<()>;

/// How the zones of an account are found.
#[derive(Clone, Copy)]
pub enum ZoneSource {
    /// By a list. In each element, `name` and `id` are the places of the zone's name and id.
    List {
        /// The list.
        list: List,
        /// Where an element has the zone's name.
        name: &'static str,
        /// Where an element has the zone's id; the same place as `name` if it has none.
        id: &'static str,
    },
    /// By reading the records of each zone that could hold the name, for interfaces without a list of zones.
    /// This is the list of a zone's records.
    Probe(List),
    /// By a function.
    Code(ListZones),
}

/// A list, in one page or several.
#[derive(Clone, Copy)]
pub struct List {
    /// The request of a page.
    pub call: &'static str,
    /// Where the answer has the array of elements. A single record may stand there without an array.
    pub at: &'static str,
    /// How further pages are requested.
    pub pages: Pages,
}

impl List {
    /// A list in one page.
    pub const fn whole(call: &'static str, at: &'static str) -> Self {
        Self { call, at, pages: Pages::One }
    }

    /// A list in pages of `size` elements, which the call numbers from 1 by `<page>`.
    pub const fn numbered(call: &'static str, at: &'static str, size: usize) -> Self {
        Self { call, at, pages: Pages::Numbered(size) }
    }
}

/// How further pages of a list are requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// There is only one.
    One,
    /// By the number of the page, which `<page>` stands for. A full page has this many elements.
    Numbered(usize),
    /// By the number of elements on the earlier pages, which `<page>` stands for. A full page has this many
    /// elements.
    Offset(usize),
    /// There is only one. The elements are the members of an object, or an empty array.
    Members,
    /// By a text in the earlier page.
    Cursor {
        /// The query parameter for the text, as `&cursor=`.
        parameter: &'static str,
        /// Where the earlier page has the text.
        next: &'static str,
    },
    /// By a text in the last element of the earlier page.
    After {
        /// The query parameter for the text, as `&marker=`.
        parameter: &'static str,
        /// Where the last element has the text.
        last: &'static str,
        /// How many elements a full page has.
        size: usize,
    },
}

impl Pages {
    /// How many elements a full page has; `None` if only the answer says whether there is another page.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::One | Self::Members | Self::Cursor { .. } => None,
            Self::Numbered(size) | Self::Offset(size) | Self::After { size, .. } => Some(size),
        }
    }
}

/// How records are read.
#[derive(Clone, Copy)]
pub enum Reading {
    /// All records of a zone at once.
    Zone(List),
    /// The records of one name and type, or at least of one name. Each is read and written before the next.
    Name(List),
    /// The record set of one name and type. If there is none, the answer is 404 (Not Found). Each is read and
    /// written before the next.
    Set {
        /// The request.
        call: &'static str,
        /// Where the answer has the set.
        at: &'static str,
    },
    /// One of both, depending on how many names there are.
    NameOrZone {
        /// The records of one name and type, or of one name.
        name: List,
        /// All records of a zone, or all of one type.
        zone: List,
        /// Up to this many names are read one by one; for more, the whole zone is read.
        most_names: usize,
    },
    /// By a function, for all goals of a zone.
    Code(ReadFn),
    /// By a function, for each goal alone.
    CodeForName(ReadFn),
}

/// How an interface represents records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordModel {
    /// A record is one address with an id. The id is learned, and then written to without reading.
    ById,
    /// A record is one address with an id, and must be read before it is written.
    ByIdReadFirst,
    /// A record set is all addresses of a name and type, and is written as a whole. It is read
    /// before, so that addresses which others have added stay.
    RrSet,
}

/// How requests refer to a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneRef {
    /// By its name.
    Name,
    /// By its id. Its name is needed too, because names of records are relative to it.
    IdAndName,
    /// By its id. Names of records are complete.
    Id,
}

/// How records are written.
#[derive(Clone, Copy)]
pub enum Writing {
    /// Each by a request of its own.
    Each(Calls),
    /// All changes of a zone together.
    Together {
        /// The request of additions and changes. `<creates>`, `<updates>` and, for both, `<changes>` stand for
        /// their JSON.
        update: &'static str,
        /// The requests of removals.
        remove: Removal,
        /// The JSON of one addition, change or removal. That of a set may be an array of its records.
        one: Calls,
        /// The calls for an addition or a change without others, if they are not the same.
        alone: Option<Calls>,
    },
    /// Each value of a set by a request of its own, for records that cannot be changed: the new address is
    /// added, and then the addresses that go are removed. There are no updates.
    Values(Calls),
    /// By a function, which gets one write at a time.
    Code(WriteFn),
    /// By a function, which gets all writes to a zone.
    CodeTogether(WriteFn),
}

/// How records are removed together.
#[derive(Clone, Copy)]
pub enum Removal {
    /// All by this request. `<removals>` and `<changes>` stand for their JSON.
    OneRequest(&'static str),
    /// Each value of a removed set by this request.
    PerValue(&'static str),
}

/// The requests that write one record or set.
#[derive(Clone, Copy)]
pub struct Calls {
    /// Adds it.
    pub create: &'static str,
    /// Changes it.
    pub update: &'static str,
    /// Removes it.
    pub remove: &'static str,
    /// What the answer to a successful write shows.
    pub shows: Shows,
}

/// No calls.
pub const CALLS: Calls = Calls { create: "", update: "", remove: "", shows: Shows::Nothing };

/// What the answer to a successful write shows. If it shows something else, the write is tried again later.
#[derive(Clone, Copy)]
pub enum Shows {
    /// Nothing but its status.
    Nothing,
    /// Something here.
    Something(&'static str),
    /// This text here.
    Text(&'static str, &'static str),
    /// The written records, in one of these places. Their ids are learned.
    Records(&'static [&'static str]),
    /// The values of the written record set.
    Values,
    /// What a function checks.
    Code(CheckFn),
}

impl Interface {
    /// Whether one request makes all changes of a zone.
    pub const fn writes_together(&self) -> bool {
        matches!(self.write, Writing::Together { .. } | Writing::CodeTogether(_))
    }

    /// Whether the goals of a zone are read together. Otherwise each is read and written before the next.
    pub fn reads_together(&self) -> bool {
        match self.read {
            Reading::Zone(_) | Reading::NameOrZone { .. } | Reading::Code(_) => true,
            Reading::Name(_) | Reading::Set { .. } | Reading::CodeForName(_) => {
                self.writes_together()
            }
        }
    }
}
