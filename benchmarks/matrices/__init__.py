"""Functions whose matrices of derivatives people ask for, and how to compare them."""
