/* SPDX-License-Identifier: Apache-2.0
 *
 * xhtml_words.c: the elements, attributes and entities that a narrative may
 * have. Each list is one text of words between spaces, the frequent ones first,
 * and is searched from its beginning: the lists are short, most narratives have
 * a div and nothing else. An attribute of one element alone is written
 * element.attribute. Names are compared as they stand: XHTML is in small
 * letters.
 *
 * Scripts, forms, frames, what belongs into a head, and the event attributes
 * are not in the lists: that is their point. FHIR R4 Narrative, txt-1;
 * XHTML 1.0 appendix A.2 (entities).
 */
#include "profile_int.h"

#include <string.h>

static const char elements[] =
    "div p br span table tr td th tbody thead b i a h1 h2 h3 h4 h5 h6 ul ol li "
    "em strong small big tt dfn q var abbr acronym cite blockquote hr address "
    "bdo kbd sub sup dl dt dd pre caption colgroup col tfoot code samp img map "
    "area";

static const char common_attributes[] =
    "class style title id lang xml:lang dir accesskey tabindex span width "
    "align valign char charoff abbr axis headers scope rowspan colspan";

static const char own_attributes[] =
    "a.href a.name a.charset a.type a.hreflang a.rel a.rev a.shape a.coords "
    "img.src img.alt img.border img.longdesc img.height img.width img.usemap "
    "img.ismap blockquote.cite q.cite map.name area.shape area.coords "
    "area.href area.nohref area.alt table.summary table.width table.border "
    "table.frame table.rules table.cellspacing table.cellpadding pre.space "
    "td.nowrap";

static const char entities[] =
    "amp lt gt quot apos nbsp auml ouml aring Auml Ouml Aring "
    "iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg "
    "macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo "
    "frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde AElig Ccedil "
    "Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve "
    "Oacute Ocirc Otilde times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN "
    "szlig agrave aacute acirc atilde aelig ccedil egrave eacute ecirc euml "
    "igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde divide "
    "oslash ugrave uacute ucirc uuml yacute thorn yuml "
    "OElig oelig Scaron scaron Yuml circ tilde ensp emsp thinsp zwnj zwj lrm "
    "rlm ndash mdash lsquo rsquo sbquo ldquo rdquo bdquo dagger Dagger permil "
    "lsaquo rsaquo euro "
    "fnof Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu "
    "Nu Xi Omicron Pi Rho Sigma Tau Upsilon Phi Chi Psi Omega alpha beta gamma "
    "delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "sigmaf sigma tau upsilon phi chi psi omega thetasym upsih piv bull hellip "
    "prime Prime oline frasl weierp image real trade alefsym larr uarr rarr "
    "darr harr crarr lArr uArr rArr dArr hArr forall part exist empty nabla "
    "isin notin ni prod sum minus lowast radic prop infin ang and or cap cup "
    "int there4 sim cong asymp ne equiv le ge sub sup nsub sube supe oplus "
    "otimes perp sdot lceil rceil lfloor rfloor lang rang loz spades clubs "
    "hearts diams";

static bool has(const char *list, const char *word, size_t n)
{
	for (const char *p = list; *p;) {
		size_t len = strcspn(p, " ");
		if (len == n && memcmp(p, word, n) == 0)
			return true;
		p += len;
		p += *p == ' ';
	}
	return false;
}

bool xhtml_element(const char *name, size_t n)
{
	return has(elements, name, n);
}

bool xhtml_attribute(const char *element, size_t n_element, const char *name,
		     size_t n)
{
	char both[64];

	if (has(common_attributes, name, n) ||
	    (n >= 5 && memcmp(name, "xmlns", 5) == 0))
		return true;
	if (n_element + 1 + n > sizeof(both))
		return false;
	memcpy(both, element, n_element);
	both[n_element] = '.';
	memcpy(both + n_element + 1, name, n);
	return has(own_attributes, both, n_element + 1 + n);
}

bool xhtml_entity(const char *name, size_t n)
{
	return has(entities, name, n);
}

bool xml_entity(const char *name, size_t n)
{
	return has("amp lt gt quot apos", name, n);
}
