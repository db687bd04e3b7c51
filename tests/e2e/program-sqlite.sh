#!/bin/bash
# SPDX-License-Identifier: MIT
# sqlite3 creates, updates, rolls back and vacuums a database in the prefix, with every kind of journal; after it is
# closed the server has the same database.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import os, sqlite3
from libsay import DIR, say
for journal in ("delete", "truncate", "persist", "memory", "wal"):
    path = "%s/%s.db" % (DIR, journal)
    base = sqlite3.connect(path, isolation_level=None)
    print(journal, base.execute("pragma journal_mode=" + journal).fetchall())
    base.execute("create table t (id integer primary key, name text, data blob)")
    base.execute("begin")
    base.executemany("insert into t (name, data) values (?, ?)", (("name %d" % i, b"%d" % i * 50) for i in range(2000)))
    base.execute("commit")
    base.execute("create index i on t (name)")
    base.execute("begin")
    base.execute("delete from t")
    base.execute("rollback")
    base.execute("update t set name = name || '!' where id % 3 = 0")
    other = sqlite3.connect(path)
    print(other.execute("select count(*), sum(length(name)) from t").fetchall())
    other.close()
    base.execute("delete from t where id > 500")
    base.execute("vacuum")
    print(base.execute("pragma integrity_check").fetchall(), base.execute("select count(*) from t").fetchall())
    base.close()
    again = sqlite3.connect(path)
    print(again.execute("select name from t where name like '%!' order by id limit 3").fetchall())
    again.close()
    print(sorted(os.listdir(DIR)))
    if os.path.exists(path + "-journal"):
        os.unlink(path + "-journal") # has random numbers in it
END
must_work
nothing_pending
"$PYTHON" - "$REMOTE" <<'END' || fail "the server's databases"
import sqlite3, sys
for journal in ("delete", "truncate", "persist", "memory", "wal"):
    base = sqlite3.connect("file:%s/%s.db?immutable=1" % (sys.argv[1], journal), uri=True)
    assert base.execute("pragma integrity_check").fetchall() == [("ok",)], journal
    assert base.execute("select count(*) from t").fetchall() == [(500,)], journal
END
