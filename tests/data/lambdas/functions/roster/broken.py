import os

TABLE = os.environ["ROSTER_TABLE"]

def handler(event, context):
    return {"token": os.environ["TOKEN"]
