//! DNS messages: header, question and resource records (RFC 1035 section 4), and EDNS(0) (RFC 6891).
//! Names are decompressed when they are read, and written without compression.

use std::net::IpAddr;

use super::name::Name;
use crate::model::Family;

/// Class of the internet (RFC 1035 section 3.2.4).
pub const CLASS_IN: u16 = 1;

/// IPv4 address.
pub const TYPE_A: u16 = 1;
/// Name server of a zone.
pub const TYPE_NS: u16 = 2;
/// Canonical name of an alias.
pub const TYPE_CNAME: u16 = 5;
/// Start of a zone of authority.
pub const TYPE_SOA: u16 = 6;
/// Pointer to a name.
pub const TYPE_PTR: u16 = 12;
/// Mail exchange.
pub const TYPE_MX: u16 = 15;
/// IPv6 address (RFC 3596).
pub const TYPE_AAAA: u16 = 28;
/// Alias of a subtree (RFC 6672).
pub const TYPE_DNAME: u16 = 39;
/// The pseudo record of EDNS(0).
pub const TYPE_OPT: u16 = 41;
/// Signature of records (RFC 4034).
pub const TYPE_RRSIG: u16 = 46;
/// Transaction signature (RFC 8945).
pub const TYPE_TSIG: u16 = 250;

/// Header flag: a response.
pub const QR: u16 = 0x8000;
/// Header flag: the server is an authority for the name.
pub const AA: u16 = 0x0400;
/// Header flag: truncated, ask again over TCP.
pub const TC: u16 = 0x0200;
/// Header flag: recursion desired.
pub const RD: u16 = 0x0100;
/// Header flag: recursion available.
pub const RA: u16 = 0x0080;
/// Header flag: the resolver has verified the signatures of the answer; in a question, that this is to be said
/// (RFC 6840 section 5.7).
pub const AD: u16 = 0x0020;
/// Header flag: answer without verifying signatures (RFC 4035 section 3.2.2).
pub const CD: u16 = 0x0010;

/// Response code: no error.
pub const NOERROR: u16 = 0;
/// Response code: the server failed, or the signatures of the answer are wrong (RFC 4035 section 5.5).
pub const SERVFAIL: u16 = 2;
/// Response code: there is no such name.
pub const NXDOMAIN: u16 = 3;

/// Octets of the header.
const HEADER: usize = 12;

/// Messages with more records are rejected. Real ones have some dozens.
const MOST_RECORDS: usize = 256;

/// One message. An UPDATE (RFC 2136) has zone, prerequisites and changes in the place of question,
/// answers and authorities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Transaction id, which the response repeats.
    pub id: u16,
    /// Bits 16 to 31 of the header: [`QR`], [`AA`] and so on, opcode and response code.
    pub flags: u16,
    /// The question section.
    pub questions: Vec<Question>,
    /// The answer section.
    pub answers: Vec<Record>,
    /// The authority section.
    pub authorities: Vec<Record>,
    /// The additional section.
    pub additionals: Vec<Record>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// The type of the wanted records.
    pub kind: u16,
    /// The class of the wanted records.
    pub class: u16,
}

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The owner's name.
    pub name: Name,
    /// The type.
    pub kind: u16,
    /// The class. In an OPT record: the largest UDP message that the sender accepts, in octets.
    pub class: u16,
    /// How long the record may be cached, in seconds.
    pub ttl: u32,
    /// The data, with names uncompressed.
    pub rdata: Vec<u8>,
}

impl Message {
    /// A query with one question. `recursive`: ask the server to recurse.
    pub fn query(id: u16, question: Question, recursive: bool) -> Self {
        let flags = if recursive { RD } else { 0 };
        Self { id, flags, questions: vec![question], ..Self::default() }
    }

    /// Whether all of these header flags are set.
    pub fn has(&self, flags: u16) -> bool {
        self.flags & flags == flags
    }

    /// The opcode: 0 is a query, 5 an update.
    pub fn opcode(&self) -> u16 {
        // Bits 1 to 4 of the flags, counted from the highest (RFC 1035 section 4.1.1).
        self.flags >> 11 & 0xf
    }

    /// The response code, with the upper bits from the OPT record (RFC 6891 section 6.1.3).
    pub fn rcode(&self) -> u16 {
        let opt = self.additionals.iter().find(|record| record.kind == TYPE_OPT);
        // An OPT record has no TTL: the highest octet of that field is the upper part of the code.
        let upper = opt.and_then(|opt| u16::try_from(opt.ttl >> 24).ok()).unwrap_or(0);
        upper << 4 | self.flags & 0xf
    }

    /// Whether this is the response to `query`: transaction id, opcode and question are the same (RFC
    /// 5452 section 9.1).
    pub fn answers(&self, query: &Self) -> bool {
        // Without all of these, a host that cannot see the query could forge a response.
        self.has(QR)
            && self.id == query.id
            && self.opcode() == query.opcode()
            && self.questions == query.questions
    }

    /// The wire form.
    ///
    /// # Errors
    /// A sentence, if the message or a part is longer than the format allows.
    pub fn encode(&self) -> Result<Vec<u8>, &'static str> {
        let mut wire = Vec::with_capacity(512);
        let sections = [&self.answers, &self.authorities, &self.additionals];
        put(&mut wire, self.id);
        put(&mut wire, self.flags);
        put(&mut wire, length(self.questions.len())?);
        for section in sections {
            put(&mut wire, length(section.len())?);
        }
        for question in &self.questions {
            wire.extend_from_slice(question.name.wire());
            put(&mut wire, question.kind);
            put(&mut wire, question.class);
        }
        for record in sections.into_iter().flatten() {
            record.write(&mut wire)?;
        }
        // Over TCP, the length of a message stands in front of it in two octets.
        length(wire.len()).map(|_| wire)
    }

    /// Splits the last record off the wire form, and counts one additional record less. A transaction
    /// signature is the last record, and covers the message without it.
    pub fn split_last(wire: &[u8]) -> Option<(Vec<u8>, Record)> {
        let message = Self::decode(wire).ok()?;
        let last = message.additionals.last()?.clone();
        let count = u16::try_from(message.additionals.len()).ok()?.checked_sub(1)?;
        // The wire form is cut instead of encoding the message again: its names may be compressed, and
        // the signature covers the octets that were sent.
        let mut reader = WireReader { wire, position: HEADER };
        let before = message.answers.len() + message.authorities.len() + usize::from(count);
        for _ in &message.questions {
            reader.question().ok()?;
        }
        reader.records(before, &mut Vec::new()).ok()?;
        let mut stripped = wire.get(..reader.position)?.to_vec();
        // The last two octets of the header are the number of additional records.
        stripped.get_mut(HEADER - 2..HEADER)?.copy_from_slice(&count.to_be_bytes());
        Some((stripped, last))
    }

    /// Parses the wire form. Octets after the last record are ignored.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the message.
    pub fn decode(wire: &[u8]) -> Result<Self, &'static str> {
        WireReader { wire, position: 0 }.message()
    }
}

impl Question {
    /// The question for the addresses of `name`.
    pub fn address(name: Name, family: Family) -> Self {
        Self { name, kind: address_type(family), class: CLASS_IN }
    }
}

impl Record {
    /// The OPT record of a sender that accepts UDP messages of `size` octets, without options.
    pub fn opt(size: u16) -> Self {
        Self { name: Name::root(), kind: TYPE_OPT, class: size, ttl: 0, rdata: Vec::new() }
    }

    /// The OPT record of a sender that wants signatures, too (DO, RFC 3225).
    pub fn opt_with_signatures(size: u16) -> Self {
        Self { ttl: 0x8000, ..Self::opt(size) }
    }

    /// The address, if this is an A or AAAA record.
    pub fn address(&self) -> Option<IpAddr> {
        let rdata = self.rdata.as_slice();
        match self.kind {
            _ if self.class != CLASS_IN => None,
            TYPE_A => <[u8; 4]>::try_from(rdata).ok().map(IpAddr::from),
            TYPE_AAAA => <[u8; 16]>::try_from(rdata).ok().map(IpAddr::from),
            _ => None,
        }
    }

    /// The name at the beginning of the data of an NS, CNAME, DNAME, PTR or SOA record.
    pub fn target(&self) -> Option<Name> {
        Name::read(&self.rdata, 0).map(|(name, _)| name)
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), &'static str> {
        wire.extend_from_slice(self.name.wire());
        put(wire, self.kind);
        put(wire, self.class);
        wire.extend_from_slice(&self.ttl.to_be_bytes());
        put(wire, length(self.rdata.len())?);
        wire.extend_from_slice(&self.rdata);
        Ok(())
    }
}

/// The type of the records that hold addresses of `family`.
pub fn address_type(family: Family) -> u16 {
    match family {
        Family::V4 => TYPE_A,
        Family::V6 => TYPE_AAAA,
    }
}

/// A sentence about the server `who` that has answered with a response code other than [`NOERROR`]
/// and [`NXDOMAIN`].
pub fn refusal(who: &str, code: u16) -> String {
    match code {
        1 => format!("{who} does not understand the question"),
        SERVFAIL => format!("{who} says that it failed (SERVFAIL)"),
        5 => format!("{who} refuses to answer"),
        other => format!("{who} says that there was error {other}"),
    }
}

fn put(wire: &mut Vec<u8>, number: u16) {
    wire.extend_from_slice(&number.to_be_bytes());
}

fn length(length: usize) -> Result<u16, &'static str> {
    u16::try_from(length).map_err(|_| "the message is too long")
}

/// Reads a message from a position on.
struct WireReader<'a> {
    wire: &'a [u8],
    position: usize,
}

impl<'a> WireReader<'a> {
    fn message(mut self) -> Result<Message, &'static str> {
        let [id, flags] = [self.number()?, self.number()?];
        let [questions, answers, authorities, additionals] =
            [self.number()?, self.number()?, self.number()?, self.number()?].map(usize::from);
        // A message of 64 KiB could have thousands of records, each with a compressed name of 255 octets.
        if questions + answers + authorities + additionals > MOST_RECORDS {
            return Err("the message has too many records");
        }
        let mut message = Message { id, flags, ..Message::default() };
        for _ in 0..questions {
            message.questions.push(self.question()?);
        }
        self.records(answers, &mut message.answers)?;
        self.records(authorities, &mut message.authorities)?;
        self.records(additionals, &mut message.additionals)?;
        Ok(message)
    }

    fn question(&mut self) -> Result<Question, &'static str> {
        Ok(Question { name: self.name()?, kind: self.number()?, class: self.number()? })
    }

    fn records(&mut self, count: usize, records: &mut Vec<Record>) -> Result<(), &'static str> {
        for _ in 0..count {
            records.push(self.record()?);
        }
        Ok(())
    }

    fn record(&mut self) -> Result<Record, &'static str> {
        let name = self.name()?;
        let [kind, class, high, low] =
            [self.number()?, self.number()?, self.number()?, self.number()?];
        let ttl = u32::from(high) << 16 | u32::from(low);
        let length = usize::from(self.number()?);
        Ok(Record { name, kind, class, ttl, rdata: self.rdata(kind, length)? })
    }

    /// Reads the data of a record. Names may be compressed only in the types of RFC 1035 (RFC 3597
    /// section 4), and in DNAME by old servers.
    fn rdata(&mut self, kind: u16, length: usize) -> Result<Vec<u8>, &'static str> {
        let end = self.position + length;
        // The data is kept without the message, so its names must not point into the message.
        let (octets_before, names) = match kind {
            TYPE_NS | TYPE_CNAME | TYPE_PTR | TYPE_DNAME => (0, 1),
            TYPE_SOA => (0, 2),
            TYPE_MX => (2, 1),
            _ => (0, 0),
        };
        let mut rdata = self.take(octets_before)?.to_vec();
        for _ in 0..names {
            rdata.extend(self.name()?.wire());
        }
        let rest = end.checked_sub(self.position).ok_or("a name is longer than its record")?;
        rdata.extend(self.take(rest)?);
        Ok(rdata)
    }

    fn name(&mut self) -> Result<Name, &'static str> {
        let (name, end) =
            Name::read(self.wire, self.position).ok_or("a name in the message is malformed")?;
        self.position = end;
        Ok(name)
    }

    fn number(&mut self) -> Result<u16, &'static str> {
        let bytes = self.take(2)?.try_into().map_err(|_| "the message is cut off")?;
        Ok(u16::from_be_bytes(bytes))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let end = self.position + length;
        let taken = self.wire.get(self.position..end).ok_or("the message is cut off")?;
        self.position = end;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dns::tests::record;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn a_query_is_as_dig_sends_it() {
        let question = Question::address(name("home.example.com"), Family::V6);
        let mut query = Message::query(0x1234, question, true);
        query.additionals.push(Record::opt(1232));
        let wire = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\x01\x04home\x07example\x03com\0\0\x1c\0\x01\
                     \0\0\x29\x04\xd0\0\0\0\0\0\0";
        assert_eq!(query.encode().unwrap(), wire);
        assert_eq!(Message::decode(wire), Ok(query));
    }

    #[test]
    fn an_answer_is_read_with_its_compressed_names() {
        let wire = b"\x12\x34\x85\x83\0\x01\0\x01\0\x01\0\0\x01a\x01B\0\0\x01\0\x01\
                     \xc0\x0c\0\x05\0\x01\0\0\x01\x2c\0\x04\x01x\xc0\x0e\
                     \xc0\x0e\0\x06\0\x01\0\0\0\x01\0\x18\xc0\x0e\xc0\x0c1234567890abcdefghij";
        let message = Message::decode(wire).unwrap();
        assert_eq!((message.id, message.rcode(), message.opcode()), (0x1234, NXDOMAIN, 0));
        assert!(message.has(QR | AA | RD | RA) && !message.has(TC));
        let query = Message::query(0x1234, Question::address(name("A.b"), Family::V4), true);
        assert!(message.answers(&query));
        assert_eq!(message.answers, [record("a.b CNAME x.b")]);
        assert_eq!(message.authorities[0].target(), Some(name("b")));
        assert_eq!(message.authorities[0].rdata, b"\x01b\0\x01a\x01b\x001234567890abcdefghij");
    }

    #[test]
    fn only_a_response_with_the_same_id_opcode_and_question_answers_a_query() {
        let query = Message::query(7, Question::address(name("a.b"), Family::V4), false);
        let answer = Message { flags: QR | AA, ..query.clone() };
        assert!(answer.answers(&query));
        let other = Question::address(name("a.c"), Family::V4);
        let other_type = Question::address(name("a.b"), Family::V6);
        for (what, wrong) in [
            ("query", query.clone()),
            ("id", Message { id: 8, ..answer.clone() }),
            ("opcode", Message { flags: QR | 5 << 11, ..answer.clone() }),
            ("name", Message { questions: vec![other], ..answer.clone() }),
            ("type", Message { questions: vec![other_type], ..answer.clone() }),
            ("question", Message { questions: vec![], ..answer.clone() }),
        ] {
            assert!(!wrong.answers(&query), "{what}");
        }
    }

    #[test]
    fn the_opt_record_holds_the_upper_bits_of_the_response_code() {
        let mut message = Message { flags: QR | 1, ..Message::default() };
        message.additionals.push(Record { ttl: 1 << 24, ..Record::opt(512) });
        assert_eq!(message.rcode(), 17);
    }

    #[test]
    fn messages_that_are_too_long_or_cut_off_are_rejected() {
        let many = Message {
            answers: vec![record("a.b A 192.0.2.1"); MOST_RECORDS + 1],
            ..Message::default()
        };
        assert!(Message::decode(&many.encode().unwrap()).is_err());
        let mut large = Message::default();
        large.answers.push(Record { rdata: vec![0; 65_536], ..record("a.b A 192.0.2.1") });
        assert!(large.encode().is_err());
        large.answers[0].rdata.truncate(65_530);
        assert!(large.encode().is_err());
        for cut in 0..12 {
            assert!(Message::decode(&[0; 12][..cut]).is_err());
        }
        assert_eq!(Message::decode(&[0; 12]), Ok(Message::default()));
    }

    pub(in crate::dns) fn any_record() -> impl Strategy<Value = Record> {
        let name = "([a-z*_]{1,9}\\.){0,4}[a-z]{1,9}".prop_map(|text| name(&text));
        let data = prop_oneof![
            name.clone().prop_map(|target| (TYPE_CNAME, target.wire().to_vec())),
            any::<[u8; 4]>().prop_map(|octets| (TYPE_A, octets.to_vec())),
            prop::collection::vec(any::<u8>(), 0..99).prop_map(|data| (250, data)),
        ];
        (name, any::<(u16, u32)>(), data).prop_map(|(name, (class, ttl), (kind, rdata))| Record {
            name,
            kind,
            class,
            ttl,
            rdata,
        })
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(
            (id, flags) in any::<(u16, u16)>(),
            question in any_record(),
            [answers, authorities, additionals] in prop::array::uniform3(prop::collection::vec(any_record(), 0..5)),
        ) {
            let Record { name, kind, class, .. } = question;
            let questions = vec![Question { name, kind, class }];
            let message = Message { id, flags, questions, answers, authorities, additionals };
            let wire = message.encode().unwrap();
            prop_assert_eq!(Message::decode(&wire), Ok(message.clone()));
            for cut in 0..wire.len() {
                prop_assert!(Message::decode(&wire[..cut]).is_err());
            }
        }

        #[test]
        fn decoding_never_panics_and_what_it_accepts_can_be_encoded(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(message) = Message::decode(&bytes) {
                let wire = message.encode().unwrap();
                prop_assert_eq!(Message::decode(&wire), Ok(message));
            }
        }
    }
}
