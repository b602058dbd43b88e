//! The Gregorian calendar. Days are counted from 1970-01-01, which is day 0.

/// The first and the last day of the years 1 to 9999.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The year.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl Moment {
    /// The moment `seconds` after 1970-01-01 00:00, or the nearest one in the years 1 to 9999.
    pub fn at(seconds: i64) -> Self {
        let (year, month, day) = date(day_of(seconds));
        let second = u32::try_from(seconds.rem_euclid(DAY)).unwrap_or_default();
        Self {
            year,
            month,
            day,
            hour: below_60(second / 3600),
            minute: below_60(second / 60),
            second: below_60(second),
        }
    }
}

fn below_60(number: u32) -> u8 {
    u8::try_from(number % 60).unwrap_or_default()
}

/// The names of the months.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The number of the month that is abbreviated to these three letters.
pub fn month(abbreviation: &str) -> Option<u8> {
    let mut months = (1..).zip(MONTHS);
    months.find(|(_, name)| name.get(..3) == Some(abbreviation)).map(|(number, _)| number)
}

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// The day that holds the given second, or the nearest day in the years 1 to 9999.
pub fn day_of(seconds: i64) -> i32 {
    let days = seconds.div_euclid(DAY).clamp(FIRST_DAY, LAST_DAY);
    i32::try_from(days).unwrap_or_default()
}

/// The day of a date.
pub fn day(year: i32, month: u8, day: u8) -> i32 {
    // Counts years from March, so that the leap day is the last day of a year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_month = (i32::from(month) * 153 + 2) / 5;
    // 400 years have 146,097 days. With as many more, no year is negative, so that the quotients are those of the
    // calendar.
    let year = year + 400;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + before_month + i32::from(day) - 1 - 719_468 - 146_097
}

/// Year, month (1 to 12) and day of the month (1 to 31) of a day in the years 1 to 9999.
pub fn date(day_number: i32) -> (i32, u8, u8) {
    // 400 years have 146,097 days. The estimate is never too late, and at most two years too early.
    let mut year = (day_number + 719_162) * 400 / 146_097;
    while day(year + 1, 1, 1) <= day_number {
        year += 1;
    }
    let mut month = 12;
    while month > 1 && day(year, month, 1) > day_number {
        month -= 1;
    }
    let day_of_month = day_number - day(year, month, 1) + 1;
    (year, month, u8::try_from(day_of_month).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_outside_of_the_years_1_to_9999_become_the_nearest_one() {
        for seconds in [i64::MIN, i64::MAX, i64::from(i32::MAX) * DAY] {
            let year = Moment::at(seconds).year;
            assert_eq!(year, if seconds < 0 { 1 } else { 9999 });
        }
        assert_eq!(date(-719_162), (1, 1, 1));
        assert_eq!(date(2_932_896), (9999, 12, 31));
    }

    #[test]
    fn days_and_dates_agree_in_the_years_1_to_9999() {
        assert_eq!(day(1970, 1, 1), 0);
        assert_eq!(day(1994, 11, 6), 9075);
        let mut number = day(1, 1, 1);
        for year in 1..=9999 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (month, days) in
                (1..).zip([31, 28 + u8::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
            {
                for day_of_month in 1..=days {
                    assert_eq!(day(year, month, day_of_month), number);
                    assert_eq!(date(number), (year, month, day_of_month));
                    number += 1;
                }
            }
        }
    }
}
