//! Any text as a quantity, an image and a label selector: what is read is written so that it is read again as the same.

use podgate::image::Image;
use podgate::quantity::Quantity;

/// Reads.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(quantity) = Quantity::parse(&text) {
        let written = quantity.to_string();
        let again = Quantity::parse(&written).unwrap_or_else(|error| panic!("`{text}` is `{written}`: {error}"));
        assert_eq!(quantity.cmp(&again), std::cmp::Ordering::Equal, "`{text}` is `{written}`");
        let _ = (quantity.as_i64(), quantity.as_f64(), quantity.checked_add(again), quantity.round_up_to_milli());
    }
    if let Ok(image) = Image::parse(&text) {
        let name = image.full_name();
        let again = Image::parse(&name).unwrap_or_else(|error| panic!("`{text}` is `{name}`: {error}"));
        assert_eq!(again.full_name(), name);
    }
}
