"""What `native` declares, held against what services do by themselves: databases, buckets, tables, the bucket of captures.

Each module but `comparing` turns declarations into properties with what AWS shows of them; the live checks VRF221 to VRF226 run them,
and `prove` tells the lines of one resource.
"""
