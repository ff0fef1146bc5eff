"""The words that the bot looks out for on every server; a picture follows English, so most of them are."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SEXUAL = _words(
    """
    ahegao anal anus areola arousal aroused bdsm blowjob bondage boner boob boobies bukkake busty buttplug
    cameltoe clit clitoris cocksucker copulating copulation cum cumming cumshot cunnilingus cunt deepthroat
    dildo dominatrix ejaculate ejaculating ejaculation erotic erotica erotically fellatio fetish fetishes
    fingering fisting foreplay footjob fuck fucked fucking futa futanari gangbang genital genitalia handjob
    hardcore hentai horny incest kinky labia milf masturbate masturbated masturbates masturbating
    masturbation naked nakedness nipple nsfw nude nudism nudist nudity orgasm orgasmic orgies orgy panties
    penis penises phallus porn porno pornographic pornography prostitute pubic pussy r18 rape raped rapist
    scrotum semen sex sexes sexual sexually sexy sexual slut slutty sodomy stripper striptease testicle tit
    titties topless undressed undressing unclothed upskirt vagina vaginal vibrator voyeur vulva whore xxx
    yiff rule34
    裸体 裸女 裸照 全裸 半裸 赤裸 色情 性交 性爱 做爱 口交 肛交 自慰 手淫 乳头 阴道 阴茎 强奸 淫荡 情色 黄片
    裸體 性愛 做愛 強姦 淫蕩 ヌード エロ ポルノ セックス 裸婦 누드 섹스 포르노
    desnudo desnuda desnudos desnudas porno sexo nackt nackte nackter nacktes nu nue nues голый голая голые
    порно секс
    """
) | {
    "no clothes",
    "without clothes",
    "wearing nothing",
    "blow job",
    "hand job",
    "bare breasts",
    "big breasts",
}
"""Refused outside age-restricted channels; “nu” among them is no word in English."""

GORE = _words(
    """
    beheaded beheading bloodbath decapitate decapitated decapitating decapitation disembowel disemboweled
    disembowelled dismember dismembered dismemberment entrails evisceration eviscerated gore gory guro
    impaled intestines mutilate mutilated mutilation necrophilia snuff suicide selfharm
    血腥 斩首 肢解 断肢 内脏 自杀 自殺 斬首
    """
) | {"severed head", "severed limb", "cut throat", "slit throat", "self harm", "torn apart", "guts spilling"}
"""Refused outside age-restricted channels too."""

YOUNG = _words(
    """
    adolescent babies baby boy child childhood childish childlike children girl infant juvenile kid kiddie
    kiddo kindergarten kindergartener kindergartner loli lolita minor newborn preschooler preteen pubescent
    prepubescent pupil schoolboy schoolchild schoolchildren schoolgirl schoolkid shota teen teenage teenager
    toddler tween underage youngster youth
    1girl 2girls 1boy 2boys 3girls
    孩子 孩童 儿童 兒童 小孩 女孩 男孩 少女 少年 幼女 幼童 萝莉 蘿莉 正太 未成年 婴儿 小学生 初中生 高中生
    女儿 ロリ ショタ 子供 小学生 中学生 高校生 niño niña niños niñas kinder mädchen enfant enfants fillette
    """
) | {"high schooler", "middle schooler", "school girl", "school boy", "little sister", "little brother"}
"""Refused everywhere and always together with anything sexual. “girl” may mean a woman; a doubt is enough."""

NEVER = _words(
    """
    bestiality childporn jailbait lolicon pedo pedophile pedophilia paedophile paedophilia pedobear shotacon
    toddlercon zoophilia preteenporn cunny
    儿童色情 兒童色情 恋童 戀童 幼交 ロリコン 児童ポルノ
    """
) | {"child porn", "child pornography", "kiddie porn", "kid porn", "teen porn", "child erotica", "sexy child"}
"""Refused everywhere and always."""

UNDRESSING = frozenset({"clothes", "clothing", "clothed", "dressed", "underwear", "garment", "bikini"})
"""What nobody needs to avoid in a picture, outside age-restricted channels."""

INNOCENT = (
    "naked mole rat", "naked mole rats", "naked eye", "naked oat", "nude mouse", "nude color",
    "nude colour", "cum laude", "magna cum laude", "pussy willow", "pussy willows", "pussy cat", "pussy cats",
    "blue tit", "blue tits", "great tit", "great tits", "coal tit", "coal tits", "marsh tit", "willow tit",
    "long tailed tit", "long tailed tits", "crested tit", "bearded tit", "rape field", "rape fields",
    "oilseed rape", "rape blossom", "rape blossoms", "rape flowers", "horny toad", "horny lizard", "al gore",
    "sex pistols", "mount anus", "hardcore punk", "snuff box", "kinky hair", "suicide squad", "art nu",
    "nu metal", "mount nu", "greek letter nu", "pussy riot", "chicken breasts",
    "叫做", "当做", "看做", "称做", "變做", "變成", "不自杀", "中性", "エロイ",
)  # fmt: skip
"""Phrases that mean no harm, though a word of them may."""
