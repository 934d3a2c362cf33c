"""Queues of Huey with one thing each, packed in every way. Usage: python huey_lone.py REDIS_URL"""

import sys
from datetime import datetime, timedelta

from huey import PriorityRedisHuey, RedisExpireHuey, RedisHuey
from huey.serializer import Serializer, SignedSerializer
from scene_stage import report

URL = sys.argv[1]


def send(huey):
    huey.task()(work)()


def work(text="a text that is long enough to be packed " * 50):
    pass


send(RedisHuey("new", url=URL))
send(RedisHuey("with-signs", url=URL))
send(RedisExpireHuey("expiring", url=URL))
send(RedisHuey("gzip", url=URL, serializer=Serializer(compression=True)))
send(RedisHuey("zlib", url=URL, serializer=Serializer(compression=True, use_zlib=True)))
send(RedisHuey("signed", url=URL, serializer=SignedSerializer("secret")))
send(RedisHuey("old", url=URL, serializer=Serializer(pickle_protocol=2)))
send(PriorityRedisHuey("ranked", url=URL))
send(PriorityRedisHuey("rankedgzip", url=URL, serializer=Serializer(compression=True)))
# What a consumer does with a task whose moment is to come.
late = RedisHuey("late", url=URL)
late.add_schedule(late.task()(work).s(eta=datetime.now() + timedelta(hours=1)))
names = ("new", "withsigns", "expiring", "gzip", "zlib", "signed", "old", "ranked", "rankedgzip")
jobs = {name: {"waiting": 1} for name in names}
jobs["late"] = {"waiting": 0, "scheduled": 1}
report(step="filled", framework="huey", jobs=jobs)
