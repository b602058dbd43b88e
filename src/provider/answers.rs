//! Answers that are not dyndns2 codes, of services whose definition does not say what to expect.
//!
//! The stock definitions of these services have no `answer`, though the services answer 200 to
//! failures too. Only what at least one other client relies on is listed.

use std::time::Duration;

use super::verdict::{Scope, Verdict};
use super::{FailureKind, Outcome};

/// The expression that a successful answer of `service` matches, for definitions without one.
pub(super) fn expected(service: &str) -> Option<&'static str> {
    Some(match service {
        "3322.org" | "all-inkl.com" | "dnshome.de" | "oray.com" => "good|nochg",
        "afraid.org-basicauth" => "good|nochg|updated|not changed",
        "afraid.org-keyauth" | "afraid.org-v2-basic" | "afraid.org-v2-token" => {
            "updated|not changed|no ip change"
        }
        "mydns.jp" => "notify OK",
        "namecheap.com" => "<ErrCount>0</ErrCount>",
        "njal.la" => "record updated",
        "zoneedit.com" => "<SUCCESS CODE",
        _ => return None,
    })
}

/// The answers of ZoneEdit: `<SUCCESS CODE="200" TEXT="…">`, `<ERROR CODE="702" TEXT="…">`.
pub(super) fn zoneedit(body: &str) -> Option<Verdict> {
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
            "ZoneEdit does not accept the user name or password",
            "set 'password' to the dynamic DNS token of the zone, not to the password of the web site",
        ),
        "701" | "709" => refused(
            Scope::Record,
            "ZoneEdit does not have this name in the account",
            "compare 'domain' with the names in the account at the provider's web site",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::ere::Ere;
    use super::*;

    #[test]
    fn expressions_compile() {
        for service in ["3322.org", "afraid.org-basicauth", "afraid.org-keyauth", "mydns.jp"] {
            Ere::new(expected(service).unwrap()).unwrap();
        }
        let ere = |service| Ere::new(expected(service).unwrap()).unwrap();
        assert!(ere("namecheap.com").is_match("<r><ErrCount>0</ErrCount><Done>true</Done></r>"));
        assert!(!ere("namecheap.com").is_match("<r><ErrCount>1</ErrCount><Done>true</Done></r>"));
        assert!(expected("custom").is_none());
    }

    #[test]
    fn zoneedit_numbers_have_meanings() {
        let outcome = |code: &str| {
            zoneedit(&format!("<ERROR CODE=\"{code}\" TEXT=\"x\" ZONE=\"y\">")).map(|v| v.outcome)
        };
        assert_eq!(outcome("707"), Some(Outcome::Unchanged));
        assert!(matches!(outcome("702"), Some(Outcome::Retry { after: Some(_), .. })));
        for code in ["701", "708", "709"] {
            assert!(matches!(outcome(code), Some(Outcome::Refused { .. })), "{code}");
        }
        assert_eq!(outcome("799"), None);
        let good = "<SUCCESS CODE=\"200\" TEXT=\"Update succeeded.\">";
        assert_eq!(zoneedit(good).map(|v| v.outcome), Some(Outcome::Updated));
        assert_eq!(zoneedit("good"), None);
    }
}
