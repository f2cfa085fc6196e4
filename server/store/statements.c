/* SPDX-License-Identifier: Apache-2.0
 *
 * statements: the one list of SQL statements. All of them are constant, so a
 * search too only binds values: it is put together from the lists of serial
 * numbers that the LEAD statements give (lead.c). Each of those reads one
 * stretch of one b-tree; the unit tests ask SQLite for the plans.
 *
 * Parameters are numbered where one is used twice.
 */
#include "store/store_int.h"

#define RESOURCE_COLUMNS                                                       \
	"SELECT k.of,k.text,r.id,v.version,v.updated_ms,o.text,"               \
	"v.client_id,v.deleted,v.method,v.text"
/* The same, with the text only when it has no more than ?2 bytes. */
#define RESOURCE_COLUMNS_IF_SMALL                                              \
	"SELECT k.of,k.text,r.id,v.version,v.updated_ms,o.text,"               \
	"v.client_id,v.deleted,v.method,"                                      \
	"CASE WHEN length(CAST(v.text AS BLOB))<=?2 THEN v.text END"
#define NAMES	      " JOIN name k ON k.id=r.kind JOIN name o ON o.id=r.owner"
#define OF_OWNER      " WHERE serial IN(SELECT serial FROM resource WHERE owner=?)"
#define HISTORY_SINCE " AND seq<=?3 AND updated_ms>=?4"
#define HISTORY_AT                                                             \
	" AND seq<=?3 AND updated_ms<?4 AND NOT EXISTS(SELECT 1 FROM"          \
	" version n WHERE n.serial=v.serial AND n.version=v.version+1"         \
	" AND n.version>1 AND n.updated_ms<=?5)"
#define PERMISSIONS                                                            \
	"(SELECT id FROM permission WHERE(?1 IS NULL OR client_id=?1)"         \
	" AND(?2 IS NULL OR hetu=?2))"
#define CITIZEN_COLUMNS                                                        \
	"SELECT hetu,patient,created_ms,behaviours,terms_ms FROM citizen"
#define GRANT_COLUMNS                                                          \
	"SELECT id,client_id,hetu,patient,scope,created_ms,"                   \
	"remember_until_ms,audience,professional FROM permission"
#define OF_HETU "(SELECT id FROM permission WHERE hetu=?1)"
/* Times that move into the past: 0 is never, and so is the last one. */
#define OLDER(t) "CASE " t " WHEN 0 THEN 0 ELSE max(" t "-?2,1)END"
#define ENDS_EARLIER(t)                                                        \
	"CASE " t " WHEN 9223372036854775807 THEN " t " ELSE " t "-?2 END"
#define CLIENT_COLUMNS                                                         \
	"SELECT client_id,secret_digest,name,redirect_uris,scope,grant_types," \
	"auth_method,kind,certificate_serial_number,access_token_seconds,"     \
	"refresh_token_seconds,issued_ms,metadata,registration_digest"         \
	" FROM client"

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
    [ST_READ] = "BEGIN",
    [ST_PART_BEGIN] = "SAVEPOINT part",
    [ST_PART_END] = "RELEASE part",
    [ST_PART_UNDO] = "ROLLBACK TO part",
    [ST_BYTES] = "SELECT page_count*page_size FROM pragma_page_count,"
		 "pragma_page_size",
    [ST_DATA_VERSION] = "PRAGMA data_version",

    /* the whole */
    [ST_RESET_RESOURCE] = "DELETE FROM resource",
    [ST_RESET_VERSION] = "DELETE FROM version",
    [ST_RESET_NAME] = "DELETE FROM name",
    [ST_RESET_HOLDING] = "DELETE FROM holding",
    [ST_RESET_LAST] = "DELETE FROM last",
    [ST_RESET_INDEX] = "DELETE FROM index_row",
    [ST_RESET_KEPT] = "DELETE FROM kept",
    [ST_RESET_CITIZEN] = "DELETE FROM citizen",
    [ST_RESET_CLIENT] = "DELETE FROM client",
    [ST_RESET_PERMISSION] = "DELETE FROM permission",
    [ST_RESET_SHARING] = "DELETE FROM sharing",
    [ST_RESET_CODE] = "DELETE FROM code",
    [ST_RESET_TOKEN] = "DELETE FROM token",
    [ST_RESET_CHANCE] = "DELETE FROM chance",
    [ST_RESET_TICKET] = "DELETE FROM ticket",
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
    [ST_CHANCE] = "INSERT INTO chance(citizen,client_id,purpose,n)"
		  "VALUES(?,?,?,1)ON CONFLICT DO UPDATE SET n=n+1 RETURNING n",
    [ST_CHANCE_DELETE_HETU] = "DELETE FROM chance WHERE citizen IN(?1,"
			      "(SELECT patient FROM citizen WHERE hetu=?1))",
    [ST_CHANCE_DELETE_CLIENT] = "DELETE FROM chance WHERE client_id=?",
    [ST_CHANCE_DELETE_PURPOSE] =
	"DELETE FROM chance WHERE purpose=?1 AND(?2 IS NULL OR citizen=?2)",

    /* resources */
    [ST_NAME_FIND] = "SELECT id FROM name WHERE class=? AND of=? AND text=?",
    [ST_NAME_INSERT] = "INSERT INTO name(class,of,text)VALUES(?,?,?)",
    [ST_HOLDING_PUT] = "INSERT OR IGNORE INTO holding(kind,owner)VALUES(?,?)",
    [ST_HOLDING_OWNERS] = "SELECT owner FROM holding WHERE kind=?",
    [ST_KINDS] = "SELECT id,text FROM name WHERE class=1 AND of=?",
    [ST_LAST] = "SELECT max(coalesce((SELECT max(seq)FROM version),0),"
		"coalesce((SELECT max(seq)FROM last),0))",
    [ST_LAST_PUT] = "INSERT INTO last(seq)VALUES(?)",
    [ST_RESOURCE_STATE] = "SELECT serial,version,owner,deleted,rows"
			  " FROM resource WHERE kind=? AND id=?",
    [ST_RESOURCE_INSERT] =
	"INSERT INTO resource(serial,kind,id,version,current,updated_ms,"
	"owner,deleted,rows)VALUES(?,?,?,?,?,?,?,?,?)",
    [ST_RESOURCE_UPDATE] =
	"UPDATE resource SET version=?2,current=?3,updated_ms=?4,owner=?5,"
	"deleted=?6,rows=?7 WHERE serial=?1",
    [ST_RESOURCE_ROWS] = "UPDATE resource SET rows=?2 WHERE serial=?1",
    [ST_RESOURCE_FIND] = RESOURCE_COLUMNS
    " FROM resource r JOIN version v ON v.seq=r.current" NAMES
    " WHERE r.kind=? AND r.id=?",
    [ST_RESOURCE_FIRST] = RESOURCE_COLUMNS
    " FROM resource r JOIN version v ON v.seq=r.serial" NAMES
    " WHERE r.kind=? AND r.id=?",
    [ST_RESOURCE_LATER] = RESOURCE_COLUMNS
    " FROM resource r JOIN version v ON v.serial=r.serial AND v.version>1"
    " AND v.version=?3" NAMES " WHERE r.kind=?1 AND r.id=?2",
    [ST_RESOURCE_GET] = RESOURCE_COLUMNS
    " FROM resource r JOIN version v ON v.seq=r.current" NAMES
    " WHERE r.serial=?",
    [ST_RESOURCE_ROW] = "SELECT updated_ms,id,rows,owner,deleted,kind"
			" FROM resource WHERE serial=?",
    [ST_RESOURCE_NAME] = "SELECT k.text||'/'||r.id FROM resource r"
			 " JOIN name k ON k.id=r.kind WHERE r.serial=?",
    [ST_VERSION_GET] = RESOURCE_COLUMNS
    " FROM version v JOIN resource r ON r.serial=v.serial"
    " JOIN name k ON k.id=v.kind JOIN name o ON o.id=v.owner WHERE v.seq=?",
    [ST_VERSION_INSERT] =
	"INSERT INTO version(seq,serial,version,updated_ms,owner,kind,"
	"client_id,deleted,method,text)VALUES(?,?,?,?,?,?,?,?,?,?)",

    /* the search index: made, unmade */
    [ST_INDEX_INSERT] = "INSERT OR IGNORE INTO index_row(owner,term,key,serial)"
			"VALUES(?,?,?,?)",
    [ST_INDEX_DELETE] = "DELETE FROM index_row WHERE owner=? AND term=?"
			" AND key=? AND serial=?",
    [ST_NOT_INDEXED] = "SELECT EXISTS(SELECT 1 FROM resource"
		       " WHERE rows IS NULL)",
    [ST_INDEX_NEXT] = "SELECT min(serial)FROM resource WHERE serial>?"
		      " AND deleted=0",

    /* the search index: read */
    [ST_LEAD] = "SELECT serial FROM index_row WHERE owner=? AND term=?"
		" AND key>=? AND key<=? LIMIT ?",
    [ST_LEAD_UPDATED] = "SELECT serial,updated_ms FROM resource"
			" WHERE owner=? AND kind=? AND deleted=0"
			" AND updated_ms>=? AND updated_ms<=? LIMIT ?",
    [ST_GLANCE_GET] = RESOURCE_COLUMNS_IF_SMALL
    " FROM resource r JOIN version v ON v.seq=r.current" NAMES
    " WHERE r.serial=?1",
    [ST_GLANCE_ROWS] = "SELECT key,serial FROM index_row"
		       " WHERE owner=? AND term=?",
    [ST_REFERRERS] =
	"SELECT w.serial,n.text,n.id FROM name k"
	" CROSS JOIN name n CROSS JOIN holding h CROSS JOIN index_row w"
	" WHERE k.class=1 AND k.of=?1 AND n.class=5 AND n.of=k.id"
	" AND h.kind=k.id AND w.owner=h.owner AND w.term=n.id"
	" AND w.key=?2",

    /* history: serials of versions, the newest first, and how many */
    [ST_HISTORY] =
	"SELECT seq FROM version v WHERE owner=?1 AND kind=?2" HISTORY_SINCE
	" ORDER BY seq DESC LIMIT ?5",
    [ST_HISTORY_COUNT] = "SELECT count(*)FROM version v WHERE owner=?1"
			 " AND kind=?2" HISTORY_SINCE,
    [ST_HISTORY_AT] =
	"SELECT seq FROM version v WHERE owner=?1 AND kind=?2" HISTORY_AT
	" ORDER BY seq DESC LIMIT ?6",
    [ST_HISTORY_AT_COUNT] = "SELECT count(*)FROM version v WHERE owner=?1"
			    " AND kind=?2" HISTORY_AT,
    [ST_HISTORY_ONE] =
	"SELECT seq,updated_ms,owner FROM version WHERE serial=?1"
	" AND version>1 UNION ALL SELECT seq,updated_ms,owner FROM version"
	" WHERE seq=?1 ORDER BY seq DESC",

    /* kept results */
    [ST_KEPT_PUT] =
	"INSERT INTO kept(token,fhir,type,patient,query,total,made_ms,"
	"serials)VALUES(?,?,?,?,?,?,?,?)",
    [ST_KEPT_FIND] =
	"SELECT fhir,token,type,patient,query,total,made_ms,"
	"substr(serials,1+8*?3,8*?4)FROM kept WHERE token=?1 AND made_ms>?2",
    [ST_KEPT_SIZE] = "SELECT count(*)-?1,coalesce(sum(length(serials)),0)-?2"
		     " FROM kept",
    [ST_KEPT_DROP] =
	"DELETE FROM kept WHERE serial=(SELECT min(serial)FROM kept)",

    /* erasing what is a citizen's; names go last */
    [ST_ERASE_LATER] = "DELETE FROM version" OF_OWNER " AND version>1",
    [ST_ERASE_FIRST] = "DELETE FROM version WHERE seq IN"
		       "(SELECT serial FROM resource WHERE owner=?)",
    [ST_ERASE_RESOURCE] = "DELETE FROM resource WHERE owner=?",
    [ST_ERASE_INDEX] = "DELETE FROM index_row WHERE owner=?",
    [ST_ERASE_HOLDING] = "DELETE FROM holding WHERE owner=?",
    [ST_ERASE_NAME] = "DELETE FROM name WHERE id=?",

    /* citizens and applications */
    [ST_CITIZEN_PUT] =
	"INSERT INTO citizen(hetu,patient,created_ms,behaviours,terms_ms)"
	"VALUES(?,?,?,?,?)ON CONFLICT(hetu)DO UPDATE SET "
	"patient=excluded.patient,created_ms=excluded.created_ms,"
	"behaviours=excluded.behaviours,terms_ms=excluded.terms_ms",
    [ST_CITIZEN_BY_HETU] = CITIZEN_COLUMNS " WHERE hetu=?",
    [ST_CITIZEN_BY_PATIENT] = CITIZEN_COLUMNS " WHERE patient=?",
    [ST_CITIZEN_DELETE] = "DELETE FROM citizen WHERE hetu=?",
    [ST_CITIZEN_LIST] = CITIZEN_COLUMNS " ORDER BY hetu",
    [ST_CLIENT_PUT] =
	"INSERT OR REPLACE INTO client(client_id,secret_digest,name,"
	"redirect_uris,scope,grant_types,auth_method,kind,"
	"certificate_serial_number,access_token_seconds,"
	"refresh_token_seconds,issued_ms,metadata,registration_digest)"
	"VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ST_CLIENT_FIND] = CLIENT_COLUMNS " WHERE client_id=?",
    [ST_CLIENT_OF_CERTIFICATE] =
	"SELECT client_id FROM client WHERE certificate_serial_number=?"
	" AND certificate_serial_number<>'' ORDER BY client_id LIMIT 1",
    [ST_CLIENT_DELETE] = "DELETE FROM client WHERE client_id=?",
    [ST_CLIENT_LIST] = CLIENT_COLUMNS " ORDER BY client_id",
    [ST_CLIENT_PAGE] =
	CLIENT_COLUMNS " ORDER BY CASE name WHEN'' THEN client_id ELSE name END"
		       " COLLATE NOCASE,client_id LIMIT ? OFFSET ?",
    [ST_CLIENT_COUNT] = "SELECT count(*)FROM client",

    /* permissions, codes, tokens */
    [ST_GRANT_PUT] =
	"INSERT INTO permission(id,client_id,hetu,patient,scope,created_ms,"
	"remember_until_ms,audience,professional)VALUES(?,?,?,?,?,?,?,?,?)"
	"ON CONFLICT(id)DO UPDATE SET "
	"client_id=excluded.client_id,hetu=excluded.hetu,"
	"patient=excluded.patient,scope=excluded.scope,"
	"created_ms=excluded.created_ms,"
	"remember_until_ms=excluded.remember_until_ms,"
	"audience=excluded.audience,professional=excluded.professional",
    [ST_GRANT_FIND] = GRANT_COLUMNS " WHERE id=?",
    [ST_GRANT_LIST] =
	GRANT_COLUMNS " WHERE hetu=? ORDER BY client_id,created_ms,serial",
    [ST_GRANT_REMEMBERED] = GRANT_COLUMNS
    " WHERE client_id=? AND hetu=?"
    " AND remember_until_ms>? ORDER BY created_ms DESC,serial DESC LIMIT ?",
    [ST_GRANT_CITIZENS] =
	"SELECT count(DISTINCT hetu)FROM permission WHERE client_id=?",
    [ST_GRANT_DELETE] = "DELETE FROM permission WHERE(?1 IS NULL"
			" OR client_id=?1)AND(?2 IS NULL OR hetu=?2)",
    [ST_GRANT_CODES_DELETE] = "DELETE FROM code WHERE grant_id IN" PERMISSIONS,
    [ST_GRANT_TOKENS_DELETE] =
	"DELETE FROM token WHERE grant_id IN" PERMISSIONS,
    [ST_CODE_PUT] =
	"INSERT OR REPLACE INTO code(digest,grant_id,client_id,redirect_uri,"
	"challenge,challenge_method,expires_ms,nonce,auth_ms,issuer,"
	"used_ms)VALUES(?,?,?,?,?,?,?,?,?,?,0)",
    [ST_CODE_FIND] = "SELECT digest,grant_id,client_id,redirect_uri,challenge,"
		     "challenge_method,expires_ms,nonce,auth_ms,issuer "
		     "FROM code WHERE digest=?",
    [ST_CODE_USE] = "UPDATE code SET used_ms=?2 WHERE digest=?1 AND used_ms=0",
    [ST_TOKEN_PUT] =
	"INSERT OR REPLACE INTO token(digest,kind,grant_id,scope,issued_ms,"
	"expires_ms,used_ms,certificate)VALUES(?,?,?,?,?,?,0,?)",
    [ST_TOKEN_FIND] =
	"SELECT p.id,p.client_id,p.hetu,p.patient,p.scope,p.created_ms,"
	"p.remember_until_ms,p.audience,p.professional,t.digest,t.kind,t.scope,"
	"t.issued_ms,t.expires_ms,t.used_ms,t.certificate FROM token t JOIN "
	"permission p ON "
	"p.id=t.grant_id WHERE t.digest=?",
    [ST_TOKEN_LIST] =
	"SELECT p.id,p.client_id,p.hetu,p.patient,p.scope,p.created_ms,"
	"p.remember_until_ms,p.audience,p.professional,t.digest,t.kind,t.scope,"
	"t.issued_ms,t.expires_ms,t.used_ms,t.certificate FROM token t JOIN "
	"permission p ON p.id=t.grant_id WHERE(?1 IS NULL OR p.client_id=?1)"
	" AND(?2 IS NULL OR p.hetu=?2)AND(?3 IS NULL OR(t.expires_ms>?3"
	" AND t.used_ms=0))ORDER BY t.issued_ms DESC,t.digest LIMIT ?4",
    [ST_TOKEN_EXPIRE] = "UPDATE token SET expires_ms=?4 WHERE expires_ms>?4"
			" AND(?3 IS NULL OR digest=?3)"
			" AND grant_id IN" PERMISSIONS,
    [ST_TOKEN_DELETE] = "DELETE FROM token WHERE(?3 IS NULL OR digest=?3)"
			" AND grant_id IN" PERMISSIONS,
    [ST_TOKEN_USE] =
	"UPDATE token SET used_ms=?2 WHERE digest=?1 AND used_ms=0",
    [ST_FAMILY_DELETE] = "DELETE FROM token WHERE grant_id=?1",
    [ST_EXPIRED_CODES] =
	"SELECT count(*)FROM code WHERE expires_ms>? AND expires_ms<=?"
	" AND used_ms=0",
    [ST_EXPIRED_TOKENS] =
	"SELECT count(*)FROM token WHERE expires_ms>? AND expires_ms<=?",
    [ST_EXPIRED_GRANTS] = "SELECT count(*)FROM permission"
			  " WHERE remember_until_ms>? AND remember_until_ms<=?",
    [ST_AGE_CODES] = "UPDATE code SET expires_ms=expires_ms-?2,"
		     "auth_ms=" OLDER("auth_ms") ",used_ms=" OLDER(
			 "used_ms") " WHERE grant_id IN" OF_HETU,
    [ST_AGE_TOKENS] =
	"UPDATE token SET issued_ms=issued_ms-?2,"
	"expires_ms=" ENDS_EARLIER("expires_ms") ",used_ms=" OLDER(
	    "used_ms") " WHERE grant_id IN" OF_HETU,
    [ST_AGE_GRANTS] = "UPDATE permission SET created_ms=created_ms-?2,"
		      "remember_until_ms=CASE remember_until_ms WHEN 0 THEN 0"
		      " WHEN 9223372036854775807 THEN remember_until_ms"
		      " ELSE remember_until_ms-?2 END WHERE hetu=?1",
    [ST_AGE_TICKETS] =
	"UPDATE ticket SET expires_ms=expires_ms-?2 WHERE text=?1",

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
    [ST_TICKET_TRIM] =
	"DELETE FROM ticket WHERE kind=?1 AND serial<=(SELECT serial"
	" FROM ticket WHERE kind=?1 ORDER BY serial DESC LIMIT 1 OFFSET ?2)",
    [ST_TICKET_FIND] = "SELECT text FROM ticket WHERE digest=? AND kind=?"
		       " AND expires_ms>?",
    [ST_TICKET_DELETE] = "DELETE FROM ticket WHERE digest=? AND kind=?",
    [ST_TICKET_DELETE_TEXT] = "DELETE FROM ticket WHERE text=?",
};
