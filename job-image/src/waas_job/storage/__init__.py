"""Objects behind presigned URLs: one file of URLs per item, one request at a time, patience."""
