//! Answers of ZoneEdit, which has codes of its own.

use std::time::Duration;

use super::verdict::{Scope, Verdict};
use super::{FailureKind, Outcome};

/// The answers of ZoneEdit: `<SUCCESS CODE="200" TEXT="…">`, `<ERROR CODE="702" TEXT="…">`.
pub(super) fn verdict(body: &str) -> Option<Verdict> {
    let lower = body.to_ascii_lowercase();
    let at = ["<success code=\"", "<error code=\""]
        .iter()
        .find_map(|mark| lower.find(mark).map(|at| at + mark.len()))?;
    let code = lower.get(at..)?.split('"').next()?;
    let refused = |scope, reason: &str, advice: &str| Verdict {
        outcome: Outcome::Refused { reason: format!("{reason} ({code})"), advice: advice.into() },
        scope,
    };
    Some(match code {
        "200" => Verdict::record(Outcome::Updated),
        // 707: the same update was sent before.
        "201" | "707" => Verdict::record(Outcome::Unchanged),
        "702" => Verdict::record(Outcome::Retry {
            reason: "too soon after the last update (702)".into(),
            after: Some(Duration::from_secs(600)),
            kind: FailureKind::Other,
        }),
        "708" => refused(
            Scope::Account,
            "the user name or password is not accepted",
            "set 'password' to the dynamic DNS token of the zone, not to the password of the web site",
        ),
        "701" | "709" => refused(
            Scope::Record,
            "the account has no such name",
            "compare 'domain' with the names in the account at the provider's web site",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zoneedit_numbers_have_meanings() {
        let outcome = |code: &str| {
            verdict(&format!("<ERROR CODE=\"{code}\" TEXT=\"x\" ZONE=\"y\">")).map(|v| v.outcome)
        };
        assert_eq!(outcome("707"), Some(Outcome::Unchanged));
        assert!(matches!(outcome("702"), Some(Outcome::Retry { after: Some(_), .. })));
        for code in ["701", "708", "709"] {
            assert!(matches!(outcome(code), Some(Outcome::Refused { .. })), "{code}");
        }
        assert_eq!(outcome("799"), None);
        let good = "<SUCCESS CODE=\"200\" TEXT=\"Update succeeded.\">";
        assert_eq!(verdict(good).map(|v| v.outcome), Some(Outcome::Updated));
        assert_eq!(verdict("good"), None);
    }
}
