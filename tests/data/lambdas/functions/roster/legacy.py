import os
print "roster", os.environ["ROSTER_TABLE"]
