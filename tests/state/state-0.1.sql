-- state.db as release 0.1 wrote it (format 6), as text.
BEGIN TRANSACTION;
CREATE TABLE alerts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "alerts" VALUES('[["alertname","RedisDown"],["instance","cache:6379"]]','{"labels":{"alertname":"RedisDown","instance":"cache:6379"},"annotations":{"summary":"cache:6379 is down"},"startsAt":1700000000.0,"endsAt":1700000300.0,"generatorURL":"http://vigil/graph","updatedAt":1700000060.0,"timeout":false}');
CREATE TABLE history (at REAL NOT NULL, receiver TEXT NOT NULL, value TEXT NOT NULL);
INSERT INTO "history" VALUES(1700000030.0,'team','{"at":1700000030.0,"receiver":"team","integration":"webhook","groupKey":"{}:{alertname=\"RedisDown\"}","groupLabels":{"alertname":"RedisDown"},"outcome":"sent","attempts":1,"firing":1,"resolved":0,"alerts":[[{"alertname":"RedisDown","instance":"cache:6379"},"firing"]],"error":""}');
CREATE TABLE informants (source TEXT NOT NULL, value TEXT NOT NULL);
INSERT INTO "informants" VALUES('sentinel','{"host":"10.0.0.1","port":26379,"tls":false}');
CREATE TABLE keyspaces (instance TEXT PRIMARY KEY, history BLOB, progress BLOB);
INSERT INTO "keyspaces" VALUES('cache:6379',X'686973746F7279',X'70726F6772657373');
CREATE TABLE log_entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "log_entries" VALUES('["{}:{alertname=\"RedisDown\"}","team","webhook",0]','{"key":["{}:{alertname=\"RedisDown\"}","team","webhook",0],"at":1700000030.0,"expiresAt":1700400000.0,"firing":["45df97ee36c9f7df"],"resolved":[],"hidden":["0000000000000007"]}');
CREATE TABLE queues (instance TEXT, key TEXT, value TEXT NOT NULL,
        PRIMARY KEY (instance, key)) WITHOUT ROWID;
INSERT INTO "queues" VALUES('cache:6379','["rq","72713a71756575653a","64656661756c74",0]','{"framework":"rq","base":"72713a71756575653a","name":"64656661756c74","database":0,"label":"default","aliveAt":1700000000.0,"notes":{"seen":1}}');
CREATE TABLE rule_alerts (file TEXT, name TEXT, key TEXT, value TEXT NOT NULL,
        PRIMARY KEY (file, name, key)) WITHOUT ROWID;
INSERT INTO "rule_alerts" VALUES('rules.yml','availability','["RedisDown",[["severity","critical"]],0,[["alertname","RedisDown"],["instance","cache:6379"]]]','{"rule":["RedisDown",[["severity","critical"]],0],"labels":[["alertname","RedisDown"],["instance","cache:6379"]],"annotations":[["summary","down"]],"value":0.0,"state":"firing","activeAt":1699999940000,"firedAt":1700000000000,"resolvedAt":0,"keepFiringSince":0,"lastSentAt":1700000000000}');
CREATE TABLE rule_groups (file TEXT, name TEXT, evaluated_at_ms INTEGER NOT NULL,
        PRIMARY KEY (file, name)) WITHOUT ROWID;
INSERT INTO "rule_groups" VALUES('rules.yml','availability',1700000000000);
CREATE TABLE sample_history (id INTEGER PRIMARY KEY, chapter INTEGER NOT NULL, data BLOB NOT NULL);
INSERT INTO "sample_history" VALUES(1,1700000015000,X'78019BCEC0C0C008C44C203A5A2939313923D5CACCD8DC523F332F2D5F49273A3A5A293E3E2F3137353E5E49472923B3A438BE24BF2431472956275A2925092866006666E6159724E625A70205108628C502551134C010AF01B1B133163D3DDF0D7224C88D100A8504B99D81E1433D0062BB3473');
INSERT INTO "sample_history" VALUES(2,1700000015000,X'7801936060606084628668A5E4C4E48C542B3363734BFDCCBCB47C259DBCD29C9C5883BB4FCF778354A1800FF600682F0C5C');
INSERT INTO "sample_history" VALUES(3,1700000015000,X'7801936060606084628668A5E4C4E48C542B3363734BFDCCBCB47C259DBCD29C9CD813E2CFCE778354A102070062DC0B40');
INSERT INTO "sample_history" VALUES(4,1700000015000,X'7801936060606084628668A5E4C4E48C542B3363734BFDCCBCB47C259DBCD29C9CD884A067E7BB41AA50008703005E790B1B');
INSERT INTO "sample_history" VALUES(5,1700000015000,X'78019360606060046226206688564A4E4CCE48B5323336B7D4CFCC4BCB57D2C92BCDC989FDD1F3EC7C37481510402908074C0A3840382E0E0030070C7B');
INSERT INTO "sample_history" VALUES(6,1700000015000,X'78019360606060046226206688564A4E4CCE48B5323336B7D4CFCC4BCB57D2C92BCDC9899D70FCD9F96E902A208052100E98147180703C1D0028F60C57');
INSERT INTO "sample_history" VALUES(7,1700000150000,X'78019BCEC0C0C008C44C203A5A2939313923D5CACCD8DC523F332F2D5F49273A3A5A293E3E2F3137353E5E49472923B3A438BE24BF2431472956275A2925092866006666E6159724E625A70205108628C502551134C010AF01B1B11F363E3FDF0D7224C88D100A8994708070FC1C0074AD3451');
INSERT INTO "sample_history" VALUES(8,1700000150000,X'78019360606060046226206688564A4E4CCE48B5323336B7D4CFCC4BCB57D2C92BCDC989ED78F3FC7C37481510402908074CCA3880A9864007002F5F0D05');
CREATE TABLE silences (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "silences" VALUES('5a1e','{"id":"5a1e","matchers":[["instance","=~","cache.*"]],"startsAt":1700000000.0,"endsAt":1700003600.0,"createdBy":"me","comment":"moving house","updatedAt":1700000000.0,"annotations":{}}');
CREATE TABLE slack_messages (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "slack_messages" VALUES('group','["C012","1700000000.000100"]');
CREATE INDEX history_at ON history (at);
CREATE INDEX sample_history_chapter ON sample_history (chapter);
CREATE INDEX informants_source ON informants (source);
COMMIT;
PRAGMA user_version = 6;
