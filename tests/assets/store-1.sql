BEGIN TRANSACTION;
CREATE TABLE candidates (
            role TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, architecture TEXT, baseline TEXT,
            seed INTEGER NOT NULL, epochs INTEGER NOT NULL, part TEXT NOT NULL, parents TEXT NOT NULL,
            PRIMARY KEY (role, number)) STRICT;
INSERT INTO "candidates" VALUES('search',0,'0000000000000000000000000000000000000000000000000000000000000000','{"schema": 1, "kind": "image", "stages": [], "head": {"grid": 3}}',NULL,4611686018427387904,8,'validation','["\u00e9"]');
INSERT INTO "candidates" VALUES('search',1,'0000000000000000000000000000000000000000000000000000000000000001','{"schema": 1, "kind": "image", "stages": [], "head": {"grid": 3}}',NULL,4611686018427387905,8,'validation','["\u00e9"]');
INSERT INTO "candidates" VALUES('search',2,'0000000000000000000000000000000000000000000000000000000000000002','{"schema": 1, "kind": "image", "stages": [], "head": {"grid": 3}}',NULL,4611686018427387906,8,'validation','["\u00e9"]');
INSERT INTO "candidates" VALUES('search',3,'0000000000000000000000000000000000000000000000000000000000000003','{"schema": 1, "kind": "image", "stages": [], "head": {"grid": 3}}',NULL,4611686018427387907,8,'validation','["\u00e9"]');
INSERT INTO "candidates" VALUES('confirmation',0,'0000000000000000000000000000000000000000000000000000000000000000','{"schema": 1, "kind": "image", "stages": [], "head": {"grid": 3}}',NULL,4611686018427387904,8,'validation','["\u00e9"]');
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "facts" VALUES('search_told','2');
INSERT INTO "facts" VALUES('population','[0, 1]');
INSERT INTO "facts" VALUES('confirmation_plan','{"members": [0], "epochs": 25, "seeds": 3, "expected": 12.5, "note": null}');
CREATE TABLE trials (
            role TEXT NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT,
            measures TEXT NOT NULL, reasons TEXT NOT NULL, cost TEXT NOT NULL, late INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            PRIMARY KEY (role, number), FOREIGN KEY (role, number) REFERENCES candidates (role, number)) STRICT;
INSERT INTO "trials" VALUES('search',0,'complete',NULL,'{"error": 0.031, "action": 1500.0, "rescale_gap": null}','{"rescale_gap": "nothing to rescale"}','{"seconds": 1.25, "training_seconds": 1.0, "measuring_seconds": 0.125, "cpu_seconds": 1.5, "training_macs": 3000000000.0, "joules": null}',0,1);
INSERT INTO "trials" VALUES('search',1,'diverged','the loss was not finite in epoch 2','{}','{}','{"seconds": 1.25, "training_seconds": 1.0, "measuring_seconds": 0.125, "cpu_seconds": 1.5, "training_macs": 3000000000.0, "joules": null}',0,1);
INSERT INTO "trials" VALUES('search',3,'complete',NULL,'{"error": 0.25}','{}','{"seconds": 1.25, "training_seconds": 1.0, "measuring_seconds": 0.125, "cpu_seconds": 1.5, "training_macs": 3000000000.0, "joules": null}',1,2);
COMMIT;
PRAGMA user_version = 1;
