-- A file of version 1, with one interval.
PRAGMA application_id = 1097690981;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE edge_rows (
             level INTEGER NOT NULL, interval INTEGER NOT NULL, edge INTEGER NOT NULL,
             calls INTEGER NOT NULL, data BLOB NOT NULL,
             PRIMARY KEY (level, interval, edge)) WITHOUT ROWID;
INSERT INTO "edge_rows" VALUES(0,1,1,5,X'9BCAD03069E299131359274D98700000');
CREATE TABLE edges (
             id INTEGER PRIMARY KEY, caller TEXT NOT NULL, module TEXT NOT NULL,
             method TEXT NOT NULL, UNIQUE (caller, module, method));
INSERT INTO "edges" VALUES(1,'gateway','tickets','open');
CREATE TABLE intervals (
             id INTEGER PRIMARY KEY, level INTEGER NOT NULL, period INTEGER NOT NULL,
             start_s REAL NOT NULL, width_s REAL NOT NULL);
INSERT INTO "intervals" VALUES(1,0,1,1000.0,10.0);
CREATE TABLE periods (
             id INTEGER PRIMARY KEY, began_s REAL NOT NULL, last_s REAL NOT NULL, ended_s REAL,
             topology TEXT NOT NULL, live TEXT NOT NULL);
INSERT INTO "periods" VALUES(1,990.0,1010.0,1010.0,'monolith','{"application":"desk","topology":"monolith","code":"c0de","processes":{"main":[["gateway","tickets"],1]},"versions":{}}');
CREATE TABLE process_rows (
             level INTEGER NOT NULL, interval INTEGER NOT NULL, replica INTEGER NOT NULL,
             gpu_s REAL NOT NULL, data BLOB NOT NULL,
             PRIMARY KEY (level, interval, replica)) WITHOUT ROWID;
INSERT INTO "process_rows" VALUES(0,1,1,0.0,X'9BC3CA0006070E4C9A30A1A10100');
CREATE TABLE replicas (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO "replicas" VALUES(1,'main.0');
CREATE INDEX intervals_by_time ON intervals (level, start_s);
COMMIT;
