# 由英文机器翻译；未经母语者和律师审校。

act-read = 阅读
act-search = 搜索
act-share_public = 公开分享
act-share_private = 发给某一个人
act-copy_link = 复制链接或文字
act-react = 点赞或其他表态
act-comment = 评论
act-save = 保存副本
act-export = 导出或打印
act-subscribe = 订阅或关注
act-contact = 联系编辑部或向其发送材料
act-donate = 给钱
act-embed = 在自己的页面上放链接或展示
act-relay = 从您的设备向他人传递各期内容
act-invite = 邀请他人

located = { $code ->
   *[other] 您身在{ $name }
}
located-control = { $code ->
   *[other] 您身在{ $name }或其控制的地区
}
citizen = { $code ->
   *[other] 您持有{ $name }护照
}
stateless = { $code ->
   *[other] 您没有国籍并长期居住在{ $name }
}
and = { $first }并且{ $second }
or = { $first }，或者{ $second }
who = 如果{ $audience }，下面的内容可能与您有关。
list = { $first }、{ $second }

standing-punished = 据消息来源，这种行为会受到处罚。
standing-claimed = 官员或出版者自己说，这种行为可能受到处罚。我们没有找到这样的案例。
standing-unclear = 这种行为是否会受到处罚并不清楚。请把它当作有风险的行为。
standing-reported-lawful = 据消息来源，这种行为是合法的。情况可能改变。
standing-unlisted = 没有人核查过这种行为是否会受到处罚。请把它当作有风险的行为。

kind-fine = 罚款
kind-labour = 强制劳动
kind-detention = 拘留
kind-imprisonment = 监禁
kind-confiscation = 没收物品
kind-death = 死刑
kind-unverified = 刑事处罚，轻重我们未能核实
unit-hour = 小时
unit-day = 天
unit-month = 个月
unit-year = 年
unit-base-unit = 个基本单位
amount-range = { $from }至{ $to }{ $unit }
amount-up-to = 最多{ $to }{ $unit }
amount-from = 至少{ $from }{ $unit }
step-first = 初次
step-repeat = 曾受处罚之后
step-any = 初次即适用
statute = { $statute }
statute-article = { $statute }，第{ $article }条
penalty = { $kind }：{ $amount }（{ $step }）。{ $statute }。信息截至{ $date }。
penalty-bare = { $kind }（{ $step }）。{ $statute }。信息截至{ $date }。

source = { $title }（{ $kind }，{ $date }）
source-undated = { $title }（{ $kind }，无日期）
source-kind-official = 官方文本
source-kind-state-press = 国家通讯社
source-kind-press = 媒体
source-kind-publisher = 出版者
source-kind-rights-group = 人权组织

alt-tell-in-person = 当面用自己的话告诉别人。
alt-no-reaction = 只阅读，不点赞、不表态、不评论。
alt-memory-only = 现在就读，不要保存。除非您另作选择，本程序关闭后不保留任何内容。
alt-contact-later = 先等一等，以后在对您安全的地方再联系编辑部。
alt-no-money = 不要汇钱，少量也不要，也不要通过别人。阅读不需要花钱。
alt-no-relay = 让传递功能保持关闭。这项工作由他人运营的镜像来做。
alt-no-subscription = 想读的时候再回来。不需要订阅。
alt-browse = 浏览标题，不用搜索。
alt-read-on = 继续阅读，这件事以后再说。

ui-safer = 更安全的做法：
ui-summary = 在一些国家，这种行为可能受到处罚。
ui-checked = 目前核查过：{ $countries }。其他国家的法律没有核查。
ui-checked-none = 没有核查过任何一个国家的法律。
ui-past = 以前做过的也可能算在内。
ui-recipient = 收到您所发内容的人可能会有风险。
ui-old = 这则提示可能已经过时：已超过复核期限。
ui-advice = 这是信息，不是法律意见。
ui-more = 关于此事的更多内容，在本程序内
ui-question = 要继续吗？
ui-question-again = 这一步可能无法撤回。仍然要继续吗？
ui-back = 不，返回
ui-proceed = 继续
ui-off = 这里不提供这项功能：风险太大。

ui-sources = 来源
ui-acts = 各种行为
ui-penalties = 来源中提到的处罚
ui-confidence-high = 可信程度：高。有官方通告，或各来源一致。
ui-confidence-medium = 可信程度：中。来源较好，但仍有疑问。
ui-confidence-low = 可信程度：低。来源薄弱、陈旧或间接。
ui-suspended = 当局已暂停此项认定。在撤销之前，提示仍然保留。
ui-repealed = 此项认定已撤销。提示不再适用。

ui-machine = 机器翻译，未经人工审校。
ui-human = 人工翻译，未经审校。
ui-outdated = 此译文依据的是较旧的文本。
ui-beside = 英文原文：
ui-other-language = 这则提示目前还没有您的语言版本。
