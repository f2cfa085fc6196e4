/* SPDX-License-Identifier: Apache-2.0
 *
 * xhtml_words.c: the elements, attributes and entities that a narrative may
 * have. Each list is one text of words between spaces. Those of elements and
 * attributes have the frequent ones first and are searched from the beginning:
 * they are short, most narratives have a div and nothing else. An attribute of
 * one element alone is written element.attribute. Names are compared as they
 * stand: XHTML is in small letters.
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

/* in the order of their bytes */
static const char entities[] =
    "AElig Aacute Acirc Agrave Alpha Aring Atilde Auml Beta Ccedil Chi "
    "Dagger Delta ETH Eacute Ecirc Egrave Epsilon Eta Euml Gamma Iacute "
    "Icirc Igrave Iota Iuml Kappa Lambda Mu Ntilde Nu OElig Oacute Ocirc "
    "Ograve Omega Omicron Oslash Otilde Ouml Phi Pi Prime Psi Rho Scaron "
    "Sigma THORN Tau Theta Uacute Ucirc Ugrave Upsilon Uuml Xi Yacute "
    "Yuml Zeta aacute acirc acute aelig agrave alefsym alpha amp and ang "
    "apos aring asymp atilde auml bdquo beta brvbar bull cap ccedil "
    "cedil cent chi circ clubs cong copy crarr cup curren dArr dagger "
    "darr deg delta diams divide eacute ecirc egrave empty emsp ensp "
    "epsilon equiv eta eth euml euro exist fnof forall frac12 frac14 "
    "frac34 frasl gamma ge gt hArr harr hearts hellip iacute icirc iexcl "
    "igrave image infin int iota iquest isin iuml kappa lArr lambda lang "
    "laquo larr lceil ldquo le lfloor lowast loz lrm lsaquo lsquo lt "
    "macr mdash micro middot minus mu nabla nbsp ndash ne ni not notin "
    "nsub ntilde nu oacute ocirc oelig ograve oline omega omicron oplus "
    "or ordf ordm oslash otilde otimes ouml para part permil perp phi pi "
    "piv plusmn pound prime prod prop psi quot rArr radic rang raquo "
    "rarr rceil rdquo real reg rfloor rho rlm rsaquo rsquo sbquo scaron "
    "sdot sect shy sigma sigmaf sim spades sub sube sum sup sup1 sup2 "
    "sup3 supe szlig tau there4 theta thetasym thinsp thorn tilde times "
    "trade uArr uacute uarr ucirc ugrave uml upsih upsilon uuml weierp "
    "xi yacute yen yuml zeta zwj zwnj";

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

/* A narrative may have a million of them: by halves. */
bool xhtml_entity(const char *name, size_t n)
{
	size_t low = 0, high = sizeof(entities) - 1;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		while (at > low && entities[at - 1] != ' ')
			at--;
		size_t len = strcspn(entities + at, " ");
		int order = memcmp(name, entities + at, n < len ? n : len);
		if (order == 0 && n == len)
			return true;
		if (order < 0 || (order == 0 && n < len))
			high = at;
		else
			low = at + len + 1;
	}
	return false;
}

bool xml_entity(const char *name, size_t n)
{
	return has("amp lt gt quot apos", name, n);
}
