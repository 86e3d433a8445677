BEGIN TRANSACTION;
CREATE TABLE candidates (
            role TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, architecture TEXT, baseline TEXT,
            seed INTEGER NOT NULL, epochs INTEGER NOT NULL, part TEXT NOT NULL, parents TEXT NOT NULL, training TEXT NOT NULL DEFAULT '{}', levels TEXT NOT NULL DEFAULT '{}',
            PRIMARY KEY (role, number)) STRICT;
INSERT INTO "candidates" VALUES('study',0,'baseline:LeNet-5',NULL,'LeNet-5',4611686018427387904,8,'test','[]','{"lambda": 0.0, "optimizer": "sgd", "functional": "action"}','{"domain": "vision", "family": "conventional", "lambda": 0.0, "seed": 3}');
INSERT INTO "candidates" VALUES('study',1,'baseline:LeNet-5',NULL,'LeNet-5',4611686018427387904,8,'test','[]','{"lambda": 0.5, "optimizer": "sgd", "functional": "action"}','{"domain": "vision", "family": "conventional", "lambda": 0.5, "seed": 3}');
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE trials (
            role TEXT NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT,
            measures TEXT NOT NULL, reasons TEXT NOT NULL, cost TEXT NOT NULL, late INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            PRIMARY KEY (role, number), FOREIGN KEY (role, number) REFERENCES candidates (role, number)) STRICT;
INSERT INTO "trials" VALUES('study',0,'complete',NULL,'{"error": 0.25, "epochs_to_accuracy": null}','{}','{"seconds": 0.0, "training_seconds": 0.0, "measuring_seconds": 0.0, "cpu_seconds": 0.0, "training_macs": 0.0, "joules": null}',0,1);
COMMIT;
PRAGMA user_version = 2;
