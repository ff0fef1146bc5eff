"""The picture book: an illustrator of captioned pictures, and the small model that learnt from them."""
