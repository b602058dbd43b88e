//! What the interfaces of Tencent Cloud have in common: a signature much like that of AWS
//! (<https://www.tencentcloud.com/document/api/1157/49026>), and codes.

use super::meaning::{Codes, Meaning, Success};
use crate::model::secret::Secret;
use crate::provider::Request;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::{Canonical, Key, timestamp};

/// What answers mean.
pub(super) const CODES: Codes = Codes {
    // The HTTP status is always 200.
    success: Success::Has("/Response/RequestId"),
    code: &["/Response/Error/Code"],
    meanings: &[
        // The answer to a list without records.
        ("ResourceNotFound.NoDataOfRecord", Meaning::Success, ""),
        ("InvalidParameterValue.DomainNotExists", Meaning::NotFound, ""),
        ("InvalidParameter.DomainIdInvalid", Meaning::NotFound, ""),
        ("*ZoneNotFound", Meaning::NotFound, ""),
        ("FailedOperation.FrequencyLimit", Meaning::Limited, ""),
        // The account is blocked after logins with wrong credentials.
        ("LimitExceeded.FailedLoginLimitExceeded", Meaning::Credentials, ""),
        ("UnauthorizedOperation", Meaning::Forbidden, RIGHTS),
        ("AuthFailure.UnauthorizedOperation", Meaning::Forbidden, RIGHTS),
        // The time of the signature is more than five minutes off.
        ("AuthFailure.SignatureExpire", Meaning::ClockWrong, ""),
        // This row fits all codes that begin like this, so it stands behind those that mean something else.
        ("AuthFailure", Meaning::Credentials, ""),
        ("RequestLimitExceeded", Meaning::Limited, ""),
        ("InternalError", Meaning::Problem, ""),
        ("FailedOperation", Meaning::Problem, ""),
        ("ResourceNotFound", Meaning::NotFound, ""),
    ],
};

const RIGHTS: &str = "give the key's user the policy QcloudDNSPodFullAccess, or QcloudTEOFullAccess for \
                      EdgeOne";

/// Signs a request to the service that the host begins with. The member `Action` of its body becomes a
/// header.
pub(super) fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let wall = talk.wall()?;
    let (time, date) = (wall.to_string(), timestamp(wall));
    // Members are sorted, and no other comes before this one.
    let body = request.body.take().unwrap_or_default();
    let behind = body.expose().strip_prefix("{\"Action\":\"").unwrap_or_default();
    let (action, members) = behind.split_once('"').unwrap_or_default();
    request.body = Some(Secret::new(["{", members.trim_start_matches(',')].concat()));
    let host = request.url.host().to_owned();
    let service = host.split('.').next().unwrap_or_default();
    request.shown = format!("POST https://{host} ({action})");
    request.add_header("X-TC-Action", action.to_owned());
    let canonical = Canonical {
        algorithm: "TC3-HMAC-SHA256",
        key: Key::Derived {
            prefix: "TC3",
            scope: &[date.get(..10).unwrap_or_default(), service, "tc3_request"],
        },
        time_header: "X-TC-Timestamp",
        time: &time,
        signed: &["content-type", "host"],
        path_end: "",
    };
    canonical.sign(talk.account, request);
    Ok(())
}
