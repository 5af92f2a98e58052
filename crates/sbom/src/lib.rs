//! Bills of materials: what an image or a tree is made of, in the forms that other tools read and write.
//!
//! An engine: it is given a [`Bill`] and gives back text, or the other way round. The same bill gives the same
//! bytes: serial numbers are made from the content, and the time is part of the bill.
//!
//! Start reading at [`bill`].

pub mod bill;

pub use bill::{Bill, BillFile};
