//! Answers of ZoneEdit, which has codes of its own. They are in an attribute, as in
//! `<SUCCESS CODE="200" TEXT="…">` and `<ERROR CODE="702" TEXT="…">`.

use super::Outcome;
use super::verdict::{Scope, Verdict};

use crate::time::Duration;

/// What `body` means; `None` if it has no code that is known.
pub(super) fn verdict(body: &str) -> Option<Box<Verdict>> {
    let lower = body.to_ascii_lowercase();
    let tags = ["<success code=\"", "<error code=\""];
    let (_, behind) = tags.iter().find_map(|tag| lower.split_once(tag))?;
    let code = behind.split('"').next()?;
    Some(match code {
        "200" => Outcome::Updated.into(),
        // 707 means that the same update was sent before.
        "201" | "707" => Outcome::Unchanged.into(),
        "702" => {
            let reason = "too soon after the last update (702)".into();
            Verdict::retry(Scope::Record, reason, Some(Duration::from_secs(600)))
        }
        "708" => Verdict::refused(
            Scope::Account,
            "the user name or password is not accepted (708)".into(),
            "set 'password' to the dynamic DNS token of the zone, not to the password of the web site",
        ),
        "701" | "709" => Verdict::refused(
            Scope::Record,
            format!("the account has no such name ({code})"),
            "compare 'domain' with the names in the account at the provider's web site",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes_map_to_verdicts() {
        assert_eq!(outcome("707"), Some(Outcome::Unchanged));
        assert!(matches!(outcome("702"), Some(Outcome::Retry { after: Some(_), .. })));
        for code in ["701", "708", "709"] {
            assert!(matches!(outcome(code), Some(Outcome::Refused { .. })), "{code}");
        }
        assert_eq!(outcome("799"), None);
        let success = "<SUCCESS CODE=\"200\" TEXT=\"Update succeeded.\">";
        assert_eq!(verdict(success), Some(Outcome::Updated.into()));
        assert_eq!(verdict("good"), None);
    }

    fn outcome(code: &str) -> Option<Outcome> {
        let body = format!("<ERROR CODE=\"{code}\" TEXT=\"x\" ZONE=\"y\">");
        verdict(&body).map(|verdict| verdict.outcome)
    }
}
