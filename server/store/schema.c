/* SPDX-License-Identifier: Apache-2.0
 *
 * schema: the tables of the file, step by step.
 *
 * A step that has been released is never changed; a new one is appended. What
 * holds after the last of them:
 *
 * Texts that come again and again (types, owners, parameters, systems) are rows
 * of name, and numbers everywhere else. Every state a resource was in is a row
 * of version, numbered in the order they came (seq); the row of resource, whose
 * serial is the seq of its first version, says which is current and where it
 * belongs. holding knows which owners have resources of a kind.
 *
 * The search index is one table, index_row, that has no other b-tree beside its
 * own, since a create pays for each row: resources by owner and parameter, then
 * by a key that a value has (rows.c). It holds rows of current versions alone.
 * What is indexed of a resource stands in resource.rows in full: by it a
 * candidate is judged and sorted, and by it the rows are found when they must
 * go.
 *
 * What an application may do is a row of permission ("grant" in C); codes and
 * tokens hang on it by grant_id. What professionals may see is a row of
 * sharing. There are no foreign keys: the few deletions that take others with
 * them are spelled out, and a reset then is as fast as SQLite's truncation.
 */
#include "store/store_int.h"

const char *const store_migrations[] = {
    /* 1 */
    "CREATE TABLE setting(name TEXT NOT NULL PRIMARY KEY,"
    " value TEXT NOT NULL)STRICT,WITHOUT ROWID;"

    "CREATE TABLE resource(serial INTEGER PRIMARY KEY AUTOINCREMENT,"
    " fhir INTEGER NOT NULL,type TEXT NOT NULL,id TEXT NOT NULL,"
    " version INTEGER NOT NULL,updated_ms INTEGER NOT NULL,"
    " patient TEXT NOT NULL,deleted INTEGER NOT NULL,"
    " UNIQUE(fhir,type,id))STRICT;"
    "CREATE INDEX resource_patient"
    " ON resource(patient,fhir,type,deleted,updated_ms);"
    "CREATE INDEX resource_type ON resource(fhir,type,deleted,updated_ms);"

    "CREATE TABLE version(serial INTEGER NOT NULL,"
    " version INTEGER NOT NULL,updated_ms INTEGER NOT NULL,"
    " client_id TEXT NOT NULL,deleted INTEGER NOT NULL,"
    " method TEXT NOT NULL,text TEXT,PRIMARY KEY(serial,version))STRICT;"

    "CREATE TABLE index_word(serial INTEGER NOT NULL,param TEXT NOT NULL,"
    " value TEXT NOT NULL,system TEXT NOT NULL,"
    " PRIMARY KEY(serial,param,value,system))STRICT,WITHOUT ROWID;"
    "CREATE INDEX index_word_value ON index_word(param,value,system);"

    "CREATE TABLE index_date(serial INTEGER NOT NULL,param TEXT NOT NULL,"
    " lo_ms INTEGER NOT NULL,hi_ms INTEGER NOT NULL,"
    " period INTEGER NOT NULL,"
    " PRIMARY KEY(serial,param,lo_ms,hi_ms,period))STRICT,WITHOUT ROWID;"
    "CREATE INDEX index_date_lo ON index_date(param,lo_ms,hi_ms);"

    "CREATE TABLE citizen(hetu TEXT NOT NULL PRIMARY KEY,"
    " patient TEXT NOT NULL UNIQUE,created_ms INTEGER NOT NULL)"
    "STRICT,WITHOUT ROWID;"

    "CREATE TABLE client(client_id TEXT NOT NULL PRIMARY KEY,"
    " secret_digest TEXT NOT NULL,name TEXT NOT NULL,"
    " redirect_uris TEXT NOT NULL,scope TEXT NOT NULL,"
    " grant_types TEXT NOT NULL,auth_method TEXT NOT NULL,"
    " kind TEXT NOT NULL,certificate_serial_number TEXT NOT NULL,"
    " access_token_seconds INTEGER NOT NULL,"
    " refresh_token_seconds INTEGER NOT NULL,issued_ms INTEGER NOT NULL,"
    " metadata TEXT NOT NULL)STRICT;"

    "CREATE TABLE permission(serial INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,client_id TEXT NOT NULL,hetu TEXT NOT NULL,"
    " patient TEXT NOT NULL,scope TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL,remember_until_ms INTEGER NOT NULL)"
    "STRICT;"
    "CREATE INDEX permission_client ON permission(client_id,hetu);"
    "CREATE INDEX permission_hetu ON permission(hetu);"

    "CREATE TABLE code(digest TEXT NOT NULL PRIMARY KEY,"
    " grant_id TEXT NOT NULL,client_id TEXT NOT NULL,"
    " redirect_uri TEXT NOT NULL,challenge TEXT NOT NULL,"
    " challenge_method TEXT NOT NULL,expires_ms INTEGER NOT NULL)"
    "STRICT,WITHOUT ROWID;"
    "CREATE INDEX code_grant ON code(grant_id);"

    "CREATE TABLE token(digest TEXT NOT NULL PRIMARY KEY,"
    " kind INTEGER NOT NULL,grant_id TEXT NOT NULL,scope TEXT NOT NULL,"
    " issued_ms INTEGER NOT NULL,expires_ms INTEGER NOT NULL)"
    "STRICT,WITHOUT ROWID;"
    "CREATE INDEX token_grant ON token(grant_id);"
    "CREATE INDEX token_expires ON token(expires_ms);"

    "CREATE TABLE ticket(serial INTEGER PRIMARY KEY,"
    " digest TEXT NOT NULL UNIQUE,kind TEXT NOT NULL,text TEXT NOT NULL,"
    " expires_ms INTEGER NOT NULL)STRICT;",

    /* 2: how a citizen behaves; what professionals may see */
    "ALTER TABLE citizen ADD COLUMN behaviours TEXT NOT NULL DEFAULT'';"

    "CREATE TABLE sharing(serial INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,kind INTEGER NOT NULL,hetu TEXT NOT NULL,"
    " client_id TEXT NOT NULL,from_ms INTEGER NOT NULL,"
    " until_ms INTEGER NOT NULL)STRICT;"
    "CREATE INDEX sharing_hetu ON sharing(hetu);",

    /* 3: names by number, index rows by owner. Versions are numbered in the
     * order they came, and a resource by its first one. What the index held
     * is gone: rows NULL says of a resource that it must be indexed */
    "DROP TABLE index_word;DROP TABLE index_date;"
    "ALTER TABLE resource RENAME TO old_resource;"
    "ALTER TABLE version RENAME TO old_version;"
    "DROP INDEX resource_patient;DROP INDEX resource_type;"

    "CREATE TABLE name(id INTEGER PRIMARY KEY,class INTEGER NOT NULL,"
    " of INTEGER NOT NULL,text TEXT NOT NULL,UNIQUE(class,of,text))STRICT;"
    "CREATE TABLE holding(kind INTEGER NOT NULL,owner INTEGER NOT NULL,"
    " PRIMARY KEY(kind,owner))STRICT,WITHOUT ROWID;"
    "CREATE TABLE last(seq INTEGER NOT NULL)STRICT;"

    "CREATE TABLE resource(serial INTEGER PRIMARY KEY,"
    " kind INTEGER NOT NULL,id TEXT NOT NULL,version INTEGER NOT NULL,"
    " current INTEGER NOT NULL,updated_ms INTEGER NOT NULL,"
    " owner INTEGER NOT NULL,deleted INTEGER NOT NULL,rows BLOB,"
    " UNIQUE(kind,id))STRICT;"
    "CREATE TABLE version(seq INTEGER PRIMARY KEY,serial INTEGER NOT NULL,"
    " version INTEGER NOT NULL,updated_ms INTEGER NOT NULL,"
    " owner INTEGER NOT NULL,kind INTEGER NOT NULL,"
    " client_id TEXT NOT NULL,deleted INTEGER NOT NULL,"
    " method TEXT NOT NULL,text TEXT)STRICT;"

    "INSERT INTO name(class,of,text)"
    " SELECT DISTINCT 1,fhir,type FROM old_resource;"
    "INSERT INTO name(class,of,text)"
    " SELECT DISTINCT 2,0,patient FROM old_resource;"
    "INSERT INTO resource SELECT f.rowid,k.id,r.id,r.version,c.rowid,"
    " r.updated_ms,o.id,r.deleted,CASE r.deleted WHEN 0 THEN NULL ELSE x'' END"
    " FROM old_resource r"
    " JOIN old_version f ON f.serial=r.serial AND f.version=1"
    " JOIN old_version c ON c.serial=r.serial AND c.version=r.version"
    " JOIN name k ON k.class=1 AND k.of=r.fhir AND k.text=r.type"
    " JOIN name o ON o.class=2 AND o.of=0 AND o.text=r.patient;"
    "INSERT INTO version SELECT v.rowid,f.rowid,v.version,v.updated_ms,"
    " r.owner,r.kind,v.client_id,v.deleted,v.method,v.text"
    " FROM old_version v"
    " JOIN old_version f ON f.serial=v.serial AND f.version=1"
    " JOIN resource r ON r.serial=f.rowid;"
    "INSERT INTO holding SELECT DISTINCT kind,owner FROM resource;"
    "DROP TABLE old_resource;DROP TABLE old_version;"

    "CREATE INDEX resource_owner"
    " ON resource(owner,kind,deleted,updated_ms);"
    "CREATE INDEX resource_not_indexed ON resource(serial)"
    " WHERE rows IS NULL;"
    "CREATE INDEX version_owner ON version(owner,kind,seq,updated_ms);"
    "CREATE INDEX version_later ON version(serial,version)WHERE version>1;"

    "CREATE TABLE index_row(owner INTEGER NOT NULL,term INTEGER NOT NULL,"
    " key INTEGER NOT NULL,serial INTEGER NOT NULL,"
    " PRIMARY KEY(owner,term,key,serial))STRICT,WITHOUT ROWID;",

    /* 4: codes and refresh tokens that were used are remembered; what a code
     * carries into an ID token; registrations that can be changed; terms */
    "ALTER TABLE code ADD COLUMN used_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE code ADD COLUMN nonce TEXT NOT NULL DEFAULT'';"
    "ALTER TABLE code ADD COLUMN auth_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE token ADD COLUMN used_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE permission ADD COLUMN audience TEXT NOT NULL DEFAULT'';"
    "ALTER TABLE permission ADD COLUMN professional INTEGER NOT NULL"
    " DEFAULT 0;"
    "ALTER TABLE client ADD COLUMN registration_digest TEXT NOT NULL"
    " DEFAULT'';"
    "ALTER TABLE citizen ADD COLUMN terms_ms INTEGER NOT NULL DEFAULT 0;",

    /* 5: tickets are counted by their kind */
    "CREATE INDEX ticket_kind ON ticket(kind,serial);",

    /* 6: which certificate a token is bound to; whose certificate it is */
    "ALTER TABLE token ADD COLUMN certificate TEXT NOT NULL DEFAULT'';"
    "CREATE INDEX client_certificate ON client(certificate_serial_number)"
    " WHERE certificate_serial_number<>'';",

    /* 7: who the server was to whom a code was given */
    "ALTER TABLE code ADD COLUMN issuer TEXT NOT NULL DEFAULT'';",

    /* 8: how much chance each has had, where it is reckoned from a seed */
    "CREATE TABLE chance(citizen TEXT NOT NULL,client_id TEXT NOT NULL,"
    " purpose TEXT NOT NULL,n INTEGER NOT NULL,"
    " PRIMARY KEY(citizen,client_id,purpose))STRICT,WITHOUT ROWID;",

    NULL};
