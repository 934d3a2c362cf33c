"""The messages of remote write (1.0 and 2.0) and of remote read, and the compression of both.

`prometheus_pb2` and `write_v2_pb2` are generated from the .proto files beside them by `make protocol`.
"""
