"""The designated operators of the Universal Postal Union, by the country code in their numbers.

A code, our name of the operator, and its own. Codes are ISO 3166-1 alpha-2, as UPU S10 wants them.
Overseas territories that number their own items stand beside the members; places whose mail another
operator numbers (Andorra, Micronesia, the Marshall Islands, most French departments) do not.

Source: UPU, list of member countries and their designated operators; UPU S10-12, 5.4.
"""

_TABLE = """
AE emirates_post Emirates Post
AF afghan_post Afghan Post
AG antigua_post Antigua and Barbuda Post
AI anguilla_post Anguilla Postal Service
AL posta_shqiptare Posta Shqiptare
AM haypost HayPost
AO correios_de_angola Correios de Angola
AR correo_argentino Correo Argentino
AT austrian_post Österreichische Post
AU australia_post Australia Post
AW post_aruba Post Aruba
AX aland_post Åland Post
AZ azerpost Azerpost
BA bh_posta BH Pošta, Hrvatska pošta Mostar, Pošte Srpske
BB barbados_post Barbados Postal Service
BD bangladesh_post Bangladesh Post Office
BE bpost bpost
BF sonapost La Poste du Burkina Faso
BG bulgarian_posts Bulgarian Posts
BH bahrain_post Bahrain Post
BI poste_burundi Régie Nationale des Postes, Burundi
BJ poste_benin La Poste du Bénin
BM bermuda_post Bermuda Post Office
BN brunei_post Brunei Postal Services
BO correos_de_bolivia Agencia Boliviana de Correos
BQ fxdc_post Flamingo Express Dutch Caribbean
BR correios_do_brasil Correios do Brasil
BS bahamas_post Bahamas Postal Service
BT bhutan_post Bhutan Post
BW botswana_post BotswanaPost
BY belpost Belpost
BZ belize_post Belize Postal Service
CA canada_post Canada Post
CD poste_rdc Société congolaise des postes et télécommunications
CF poste_centrafrique Office national des postes et de l'épargne, Central African Republic
CG poste_congo Société des postes et de l'épargne du Congo
CH swiss_post Swiss Post
CI poste_cote_d_ivoire La Poste de Côte d'Ivoire
CK cook_islands_post Cook Islands Postal Service
CL correos_chile CorreosChile
CM campost Campost
CN china_post China Post
CO servicios_postales_nacionales 4-72 Servicios Postales Nacionales
CR correos_de_costa_rica Correos de Costa Rica
CU correos_de_cuba Correos de Cuba
CV correios_de_cabo_verde Correios de Cabo Verde
CW cpost C Post International
CY cyprus_post Cyprus Post
CZ ceska_posta Česká pošta
DE deutsche_post Deutsche Post
DJ poste_djibouti La Poste de Djibouti
DK postnord_denmark PostNord Danmark
DM dominica_post General Post Office, Dominica
DO inposdom Instituto Postal Dominicano
DZ algerie_poste Algérie Poste
EC correos_del_ecuador Servicios Postales del Ecuador
EE omniva Omniva
EG egypt_post Egypt Post
ER eritrean_post Eritrean Postal Service
ES correos Correos
ET ethiopian_post Ethiopian Postal Service
FI posti Posti
FJ post_fiji Post Fiji
FK falkland_islands_post Falkland Islands Post Service
FO posta_faroe Posta, Faroe Islands
FR la_poste La Poste
GA poste_gabon La Poste, Gabon
GB royal_mail Royal Mail
GD grenada_post Grenada Postal Corporation
GE georgian_post Georgian Post
GG guernsey_post Guernsey Post
GH ghana_post Ghana Post
GI gibraltar_post Royal Gibraltar Post Office
GL tusass Tusass, Greenland
GM gampost Gambia Postal Services
GN poste_guinee Office de la Poste Guinéenne
GQ correos_guinea_ecuatorial Correos de Guinea Ecuatorial
GR elta Hellenic Post (ELTA)
GT correos_de_guatemala Correos de Guatemala
GW correios_guine_bissau Correios da Guiné-Bissau
GY guyana_post Guyana Post Office
HK hongkong_post Hongkong Post
HN honducor Correos de Honduras
HR hrvatska_posta Hrvatska pošta
HT poste_haiti Office des Postes d'Haïti
HU magyar_posta Magyar Posta
ID pos_indonesia Pos Indonesia
IE an_post An Post
IL israel_post Israel Post
IM isle_of_man_post Isle of Man Post Office
IN india_post India Post
IQ iraqi_post Iraqi Post
IR iran_post National Post Company, Iran
IS posturinn Pósturinn, Iceland
IT poste_italiane Poste Italiane
JE jersey_post Jersey Post
JM jamaica_post Jamaica Post
JO jordan_post Jordan Post
JP japan_post Japan Post
KE posta_kenya Postal Corporation of Kenya
KG kyrgyz_post Kyrgyz Post
KH cambodia_post Cambodia Post
KI kiribati_post Kiribati Post
KM poste_comores Société Nationale des Postes, Comoros
KN st_kitts_nevis_post Saint Kitts and Nevis Postal Services
KP korea_post_dpr Korea Post, DPR Korea
KR korea_post Korea Post
KW kuwait_post Kuwait Post
KY cayman_post Cayman Islands Postal Service
KZ kazpost Kazpost
LA lao_post Entreprise des Postes Lao
LB libanpost LibanPost
LC st_lucia_post Saint Lucia Postal Service
LI liechtenstein_post Liechtensteinische Post
LK sri_lanka_post Sri Lanka Post
LR liberia_post Liberia Post
LS lesotho_post Lesotho Post
LT lietuvos_pastas Lietuvos paštas
LU post_luxembourg POST Luxembourg
LV latvijas_pasts Latvijas Pasts
LY libya_post Libya Post
MA barid_al_maghrib Barid Al-Maghrib
MC poste_monaco La Poste Monaco
MD posta_moldovei Poșta Moldovei
ME posta_crne_gore Pošta Crne Gore
MG paositra_malagasy Paositra Malagasy
MK posta_severna_makedonija North Macedonia Post
ML poste_mali La Poste du Mali
MM myanmar_post Myanma Posts
MN mongol_post Mongol Post
MO macau_post CTT Macao
MR mauripost Mauripost
MS montserrat_post Montserrat Postal Services
MT malta_post MaltaPost
MU mauritius_post Mauritius Post
MV maldives_post Maldives Post
MW malawi_post Malawi Posts Corporation
MX correos_de_mexico Correos de México
MY pos_malaysia Pos Malaysia
MZ correios_de_mocambique Correios de Moçambique
NA nampost NamPost
NC opt_nc OPT, New Caledonia
NE niger_poste Niger Poste
NF norfolk_island_post Norfolk Island Post
NG nipost NIPOST, Nigeria
NI correos_de_nicaragua Correos de Nicaragua
NL postnl PostNL
NO posten_norge Posten Norge
NP nepal_post Nepal Postal Services
NR nauru_post Republic of Nauru Post
NU niue_post Niue Post
NZ nz_post New Zealand Post
OM oman_post Oman Post
PA correos_panama Correos Panamá
PE serpost Serpost
PF fare_rata Fare Rata, French Polynesia
PG post_png Post PNG
PH phlpost PHLPost
PK pakistan_post Pakistan Post
PL poczta_polska Poczta Polska
PM poste_spm La Poste, Saint-Pierre-et-Miquelon
PN pitcairn_post Pitcairn Islands Post
PS palestine_post Palestine Post
PT ctt CTT Portugal
PY correo_paraguayo Correo Paraguayo
QA qatar_post Qatar Post
RO posta_romana Poșta Română
RS posta_srbije Pošta Srbije
RU pochta_rossii Pochta Rossii
RW iposita Iposita, Rwanda
SA saudi_post Saudi Post (SPL)
SB solomon_post Solomon Islands Postal Corporation
SC seychelles_post Seychelles Postal Services
SD sudapost Sudapost
SE postnord_sweden PostNord Sverige
SG singapore_post Singapore Post
SH st_helena_post Saint Helena Post Office
SI posta_slovenije Pošta Slovenije
SK slovenska_posta Slovenská pošta
SL salpost Sierra Leone Postal Services
SM poste_san_marino Poste San Marino
SN poste_senegal La Poste, Senegal
SO somali_post Somali Post
SR surpost Surpost
SS south_sudan_post South Sudan Postal Service
ST correios_sao_tome Correios de São Tomé e Príncipe
SV correos_el_salvador Correos de El Salvador
SX pss_sint_maarten Postal Services Sint Maarten
SY syrian_post Syrian Post
SZ eswatini_post EswatiniPost
TC turks_caicos_post Turks and Caicos Post Office
TD poste_tchad Société Tchadienne des Postes et de l'Épargne
TG poste_togo La Poste du Togo
TH thailand_post Thailand Post
TJ tajik_post Tajik Post
TK tokelau_post Tokelau Post
TL correios_timor Correios de Timor-Leste
TM turkmenpost Türkmenpoçta
TN poste_tunisienne La Poste Tunisienne
TO tonga_post Tonga Post
TR ptt PTT, Türkiye
TT ttpost TTPost
TV tuvalu_post Tuvalu Post
TW chunghwa_post Chunghwa Post
TZ tanzania_post Tanzania Posts Corporation
UA ukrposhta Ukrposhta
UG posta_uganda Posta Uganda
US usps USPS
UY correo_uruguayo Correo Uruguayo
UZ uzpost O'zbekiston Pochtasi
VA poste_vaticane Poste Vaticane
VC st_vincent_post SVG Postal Corporation
VE ipostel Ipostel
VG bvi_post BVI Post
VN vietnam_post Vietnam Post
VU vanuatu_post Vanuatu Post
WF poste_wallis_futuna SPT Wallis-et-Futuna
WS samoa_post Samoa Post
YE yemen_post Yemen Post
ZA sapo South African Post Office
ZM zampost ZamPost
ZW zimpost Zimpost
"""


def _read(table: str) -> dict[str, tuple[str, str]]:
    rows = (line.split(" ", 2) for line in table.strip().splitlines())
    return {code: (slug, title) for code, slug, title in rows}


# country code -> (our name of the operator, its own)
POSTS = _read(_TABLE)

# Other carriers of the same house that number and deliver items under the post's code, and for
# which first letters of the service indicator ("" for all).
SIDE_BY_SIDE = {
    "CN": (("china_ems", "China Post EMS", "E"),),
    "DE": (("dhl", "DHL", ""),),
    "GB": (("parcelforce", "Parcelforce Worldwide", "CE"),),
    "FR": (("colissimo", "Colissimo", "CL"), ("chronopost", "Chronopost", "E")),
}
