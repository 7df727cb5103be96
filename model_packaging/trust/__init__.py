"""Whether a release can be trusted: what is in it, what it needs, where it came from, and who says so.

`scan_files` refuses what may do harm, `bill_of_materials` lists what a release needs to serve, `checkout` says which
commit it was made at, and `sign` and `verify_release` tie all of that to whoever holds a key.
"""
