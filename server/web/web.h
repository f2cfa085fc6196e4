/* SPDX-License-Identifier: Apache-2.0
 *
 * web: pages for people. The self-service portal, where applications are
 * registered and listed, My Kanta, where a test citizen sees what is stored
 * about him or her and who may, and the console, where the person who runs the
 * mock sees and does what the control API can.
 * Facts: kanta.md sections 2, 3.4, 5; oauth.md 10, 13.
 */
#ifndef WEB_H
#define WEB_H

#include "site/site.h"

/* One of the sites; its texts outlive it. */
struct web {
	struct site site;
	const char *prefix;	 /* path of the group: of the portal, below the
				  * site's */
	const char *issuer_path; /* "/phr-authserver-sandbox" */
	const char *admin_token; /* as of the control API (NULL: this machine
				  * alone; "none": anybody): whoever may use
				  * that may change any application here */
};

/* Fill the groups of routes; w must outlive them. */
void web_portal_group(struct web *w, struct http_group *out);
void web_omakanta_group(struct web *w, struct http_group *out);
/* The console at / and below /console, with the empty prefix; and what leads
 * from the place of the HAPI tester to its resource browser. */
void web_console_group(struct web *w, struct http_group *out);
void web_tester_group(struct web *w, struct http_group *out);

#endif
