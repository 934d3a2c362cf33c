"""What Huey's consumer does. The server is `$SCENE_URL`."""

import os
import time

from huey import RedisHuey

slow = RedisHuey("slow", url=os.environ["SCENE_URL"])


@slow.task()
def hang():
    slow.storage.conn.set("hanging", 1)
    time.sleep(600)
