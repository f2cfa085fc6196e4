/* SPDX-License-Identifier: Apache-2.0
 *
 * statements: the schema, step by step, and the one list of SQL statements.
 *
 * A resource has one row in resource, whose serial number is given once and
 * never again (AUTOINCREMENT), and one row in version for each state it was in.
 * The search index is two tables: index_word for tokens, references and uris,
 * index_date for spans of time; both hold rows of current versions alone, and
 * both are read from either end: by resource when the search knows whose they
 * are, by value when it does not.
 *
 * What an application may do is a row of permission ("grant" in C); codes and
 * tokens hang on it by grant_id. What professionals may see is a row of
 * sharing. There are no foreign keys: the few deletions
 * that take others with them are spelled out, and a reset then is as fast as
 * SQLite's truncation.
 *
 * A step of the schema that has been released is never changed; a new one is
 * appended. Parameters are numbered where one is used twice.
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

    NULL};

#define RESOURCE_COLUMNS                                                       \
	"SELECT r.fhir,r.type,r.id,v.version,v.updated_ms,r.patient,"          \
	"v.client_id,v.deleted,v.method,v.text"                                \
	" FROM resource r JOIN version v ON v.serial=r.serial"
#define OF_PATIENT                                                             \
	" WHERE serial IN(SELECT serial FROM resource WHERE patient=?)"
#define PERMISSIONS                                                            \
	"(SELECT id FROM permission WHERE(?1 IS NULL OR client_id=?1)"         \
	" AND(?2 IS NULL OR hetu=?2))"
#define CITIZEN_COLUMNS "SELECT hetu,patient,created_ms,behaviours FROM citizen"
#define GRANT_COLUMNS                                                          \
	"SELECT id,client_id,hetu,patient,scope,created_ms,remember_until_ms"  \
	" FROM permission"
#define CLIENT_COLUMNS                                                         \
	"SELECT client_id,secret_digest,name,redirect_uris,scope,grant_types," \
	"auth_method,kind,certificate_serial_number,access_token_seconds,"     \
	"refresh_token_seconds,issued_ms,metadata FROM client"

const char *const store_sql[ST_COUNT] = {
    /* transactions: the turn's, the request's, an operation's own */
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_SAVEPOINT] = "SAVEPOINT request",
    [ST_RELEASE] = "RELEASE request",
    [ST_ROLLBACK_TO] = "ROLLBACK TO request",
    [ST_OP_BEGIN] = "SAVEPOINT operation",
    [ST_OP_END] = "RELEASE operation",
    [ST_OP_UNDO] = "ROLLBACK TO operation",

    /* the whole */
    [ST_RESET_RESOURCE] = "DELETE FROM resource",
    [ST_RESET_VERSION] = "DELETE FROM version",
    [ST_RESET_WORD] = "DELETE FROM index_word",
    [ST_RESET_DATE] = "DELETE FROM index_date",
    [ST_RESET_CITIZEN] = "DELETE FROM citizen",
    [ST_RESET_CLIENT] = "DELETE FROM client",
    [ST_RESET_PERMISSION] = "DELETE FROM permission",
    [ST_RESET_SHARING] = "DELETE FROM sharing",
    [ST_RESET_CODE] = "DELETE FROM code",
    [ST_RESET_TOKEN] = "DELETE FROM token",
    [ST_RESET_TICKET] = "DELETE FROM ticket",
    [ST_RESET_SEQUENCE] = "DELETE FROM sqlite_sequence",
    [ST_EMPTY] = "SELECT NOT(EXISTS(SELECT 1 FROM citizen)"
		 " OR EXISTS(SELECT 1 FROM client)"
		 " OR EXISTS(SELECT 1 FROM resource))",
    [ST_COUNT_ROWS] =
	"SELECT(SELECT count(*)FROM citizen),(SELECT count(*)FROM client),"
	"(SELECT count(*)FROM resource WHERE deleted=0),"
	"(SELECT count(*)FROM version),(SELECT count(*)FROM permission),"
	"(SELECT count(*)FROM token),"
	"(SELECT count(*)FROM sharing WHERE kind<>2),"
	"(SELECT count(*)FROM sharing WHERE kind=2)",
    [ST_SETTING_FIND] = "SELECT value FROM setting WHERE name=?",
    [ST_SETTING_PUT] = "INSERT OR REPLACE INTO setting(name,value)VALUES(?,?)",

    /* resources */
    [ST_RESOURCE_SERIAL] = "SELECT serial,version FROM resource"
			   " WHERE fhir=? AND type=? AND id=?",
    [ST_RESOURCE_INSERT] =
	"INSERT INTO resource(fhir,type,id,version,updated_ms,patient,deleted)"
	"VALUES(?,?,?,?,?,?,?)",
    [ST_RESOURCE_UPDATE] = "UPDATE resource SET version=?2,updated_ms=?3,"
			   "patient=?4,deleted=?5 WHERE serial=?1",
    [ST_RESOURCE_FIND] =
	RESOURCE_COLUMNS " AND v.version=CASE ?4 WHEN 0 THEN r.version"
			 " ELSE ?4 END WHERE r.fhir=?1 AND r.type=?2"
			 " AND r.id=?3",
    [ST_RESOURCE_GET] =
	RESOURCE_COLUMNS " AND v.version=r.version WHERE r.serial=?",
    [ST_RESOURCE_LAST] =
	"SELECT seq FROM sqlite_sequence WHERE name='resource'",
    [ST_WORD_COUNT] = "SELECT count(*)FROM(SELECT 1 FROM index_word"
		      " WHERE param=? AND value=? LIMIT ?)",
    [ST_VERSION_INSERT] =
	"INSERT INTO version(serial,version,updated_ms,client_id,deleted,"
	"method,text)VALUES(?,?,?,?,?,?,?)",
    [ST_WORD_INSERT] = "INSERT OR IGNORE INTO index_word(serial,param,value,"
		       "system)VALUES(?,?,?,?)",
    [ST_DATE_INSERT] = "INSERT OR IGNORE INTO index_date(serial,param,lo_ms,"
		       "hi_ms,period)VALUES(?,?,?,?,?)",
    [ST_WORD_DELETE] = "DELETE FROM index_word WHERE serial=?",
    [ST_DATE_DELETE] = "DELETE FROM index_date WHERE serial=?",
    [ST_ERASE_VERSION] = "DELETE FROM version" OF_PATIENT,
    [ST_ERASE_WORD] = "DELETE FROM index_word" OF_PATIENT,
    [ST_ERASE_DATE] = "DELETE FROM index_date" OF_PATIENT,
    [ST_ERASE_RESOURCE] = "DELETE FROM resource WHERE patient=?",

    /* citizens and applications */
    [ST_CITIZEN_PUT] =
	"INSERT INTO citizen(hetu,patient,created_ms,behaviours)"
	"VALUES(?,?,?,?)ON CONFLICT(hetu)DO UPDATE SET "
	"patient=excluded.patient,created_ms=excluded.created_ms,"
	"behaviours=excluded.behaviours",
    [ST_CITIZEN_BY_HETU] = CITIZEN_COLUMNS " WHERE hetu=?",
    [ST_CITIZEN_BY_PATIENT] = CITIZEN_COLUMNS " WHERE patient=?",
    [ST_CITIZEN_DELETE] = "DELETE FROM citizen WHERE hetu=?",
    [ST_CITIZEN_LIST] = CITIZEN_COLUMNS " ORDER BY hetu",
    [ST_CLIENT_PUT] =
	"INSERT OR REPLACE INTO client(client_id,secret_digest,name,"
	"redirect_uris,scope,grant_types,auth_method,kind,"
	"certificate_serial_number,access_token_seconds,"
	"refresh_token_seconds,issued_ms,metadata)"
	"VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ST_CLIENT_FIND] = CLIENT_COLUMNS " WHERE client_id=?",
    [ST_CLIENT_DELETE] = "DELETE FROM client WHERE client_id=?",
    [ST_CLIENT_LIST] = CLIENT_COLUMNS " ORDER BY client_id",

    /* permissions, codes, tokens */
    [ST_GRANT_PUT] =
	"INSERT INTO permission(id,client_id,hetu,patient,scope,created_ms,"
	"remember_until_ms)VALUES(?,?,?,?,?,?,?)ON CONFLICT(id)DO UPDATE SET "
	"client_id=excluded.client_id,hetu=excluded.hetu,"
	"patient=excluded.patient,scope=excluded.scope,"
	"created_ms=excluded.created_ms,"
	"remember_until_ms=excluded.remember_until_ms",
    [ST_GRANT_FIND] = GRANT_COLUMNS " WHERE id=?",
    [ST_GRANT_REMEMBERED] = GRANT_COLUMNS
    " WHERE client_id=? AND hetu=?"
    " AND remember_until_ms>? ORDER BY created_ms DESC,serial DESC LIMIT 1",
    [ST_GRANT_DELETE] = "DELETE FROM permission WHERE(?1 IS NULL"
			" OR client_id=?1)AND(?2 IS NULL OR hetu=?2)",
    [ST_GRANT_CODES_DELETE] = "DELETE FROM code WHERE grant_id IN" PERMISSIONS,
    [ST_GRANT_TOKENS_DELETE] =
	"DELETE FROM token WHERE grant_id IN" PERMISSIONS,
    [ST_CODE_PUT] =
	"INSERT OR REPLACE INTO code(digest,grant_id,client_id,redirect_uri,"
	"challenge,challenge_method,expires_ms)VALUES(?,?,?,?,?,?,?)",
    [ST_CODE_TAKE] =
	"DELETE FROM code WHERE digest=? RETURNING digest,grant_id,client_id,"
	"redirect_uri,challenge,challenge_method,expires_ms",
    [ST_TOKEN_PUT] =
	"INSERT OR REPLACE INTO token(digest,kind,grant_id,scope,issued_ms,"
	"expires_ms)VALUES(?,?,?,?,?,?)",
    [ST_TOKEN_FIND] =
	"SELECT p.id,p.client_id,p.hetu,p.patient,p.scope,p.created_ms,"
	"p.remember_until_ms,t.digest,t.kind,t.scope,t.issued_ms,t.expires_ms"
	" FROM token t JOIN permission p ON p.id=t.grant_id WHERE t.digest=?",
    [ST_TOKEN_EXPIRE] = "UPDATE token SET expires_ms=?4 WHERE expires_ms>?4"
			" AND(?3 IS NULL OR digest=?3)"
			" AND grant_id IN" PERMISSIONS,
    [ST_TOKEN_DELETE] = "DELETE FROM token WHERE(?3 IS NULL OR digest=?3)"
			" AND grant_id IN" PERMISSIONS,
    [ST_EXPIRED_CODES] =
	"SELECT count(*)FROM code WHERE expires_ms>? AND expires_ms<=?",
    [ST_EXPIRED_TOKENS] =
	"SELECT count(*)FROM token WHERE expires_ms>? AND expires_ms<=?",

    /* professional use */
    [ST_SHARING_PUT] =
	"INSERT INTO sharing(id,kind,hetu,client_id,from_ms,until_ms)"
	"VALUES(?,?,?,?,?,?)ON CONFLICT(id)DO UPDATE SET kind=excluded.kind,"
	"hetu=excluded.hetu,client_id=excluded.client_id,"
	"from_ms=excluded.from_ms,until_ms=excluded.until_ms",
    [ST_SHARING_LIST] =
	"SELECT id,kind,hetu,client_id,from_ms,until_ms FROM sharing"
	" WHERE ?1 IS NULL OR hetu=?1 ORDER BY serial",
    [ST_SHARING_DELETE] = "DELETE FROM sharing WHERE id=?",
    [ST_SHARING_DELETE_HETU] = "DELETE FROM sharing WHERE hetu=?",
    [ST_SHARING_DELETE_CLIENT] = "DELETE FROM sharing WHERE client_id=?",

    /* forms under way */
    [ST_TICKET_PUT] = "INSERT OR REPLACE INTO ticket(digest,kind,text,"
		      "expires_ms)VALUES(?,?,?,?)",
    [ST_TICKET_TRIM] = "DELETE FROM ticket"
		       " WHERE serial<=(SELECT max(serial)FROM ticket)-?",
    [ST_TICKET_FIND] = "SELECT text FROM ticket WHERE digest=? AND kind=?"
		       " AND expires_ms>?",
    [ST_TICKET_DELETE] = "DELETE FROM ticket WHERE digest=? AND kind=?",
    [ST_TICKET_DELETE_TEXT] = "DELETE FROM ticket WHERE text=?",
};
