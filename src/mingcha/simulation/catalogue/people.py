"""人社、税务、卫健、教育、民政、法院、金融: what people, taxes, health, courts and money tell of firms."""

from .grammar import Dataset, Events, Periodic, Register, Whom, columns

LABOUR, TAX, HEALTH = "云汀市人力资源和社会保障局", "云汀市税务局", "云汀市卫生健康委员会"
COURT, FINANCE = "云汀市中级人民法院", "云汀市地方金融管理局"
FOOD = ("catering", "food_retail", "food_making")
COMPANY = ("company",)

DATASETS = (
    Dataset(
        "social_insurance", "企业职工社会保险缴费情况", LABOUR, Periodic(3, Whom(0.92, kinds=COMPANY)),
        columns("""
            uscc           统一社会信用代码   uscc
            period         费款所属期        month
            insured        参保人数          made integer zero=no_insured
            base           月均缴费基数（元） money 5400 0.22
            due            应缴金额（元）    money 9000 1.1
            state          缴费状态          choice 正常=93 欠缴=5 缓缴=2
        """),
        law="社会保险法", article="57", domain="人力资源", purpose="参保人数与缴费状态",
        conditions={"nobody": "insured = 0", "arrears": "state = '欠缴'"}, measures=("insured",),
        direction={"nobody": "up"}, known_lag=35, dates="yyyyMM", format="csv.gz",
    ),
    Dataset(
        "wage_arrears", "欠薪投诉举报", LABOUR, Events(signal="wage_arrears"),
        columns("""
            case_no        案件编号          no QX
            uscc           用人单位信用代码  uscc
            name           用人单位          name
            reported_on    投诉日期          date
            workers        涉及人数          int 1 40
            amount         涉及金额（元）    money 18000 1.0
            outcome        处理结果          choice 已支付=6 移送=1 处理中=3
        """),
        law="劳动法", article="85", domain="人力资源", purpose="欠薪投诉", measures=("workers", "amount"),
        direction={"count": "up"}, encoding="gb18030",
    ),
    Dataset(
        "labour_inspections", "劳动保障监察检查", LABOUR, Events(0.05),
        columns("""
            file_no        监察文号          no LJ
            uscc           用人单位信用代码  uscc
            inspected_on   检查日期          date
            finding        检查结论          choice 无问题=85 责令改正=14 立案=1
        """),
        law="劳动法", article="85", domain="人力资源", purpose="劳动监察结论",
        conditions={"bad": "finding <> '无问题'"},
    ),
    Dataset(
        "labour_arbitration", "劳动人事争议仲裁案件", LABOUR, Events(0.03, lean=0.25, whom=Whom(1.0, kinds=COMPANY)),
        columns("""
            case_no        案号              no YLR
            uscc           被申请人信用代码  uscc
            cause          案由              choice 劳动报酬=5 经济补偿=3 工伤待遇=2
            filed_on       立案日期          date
            closed_on      结案日期          after 20 120 0.85
            outcome        结案方式          choice 调解=5 裁决=4 撤回=2 未结=1
        """),
        law="劳动法", article="79", domain="人力资源", purpose="仲裁案件", categories={"cause": 3},
    ),
    Dataset(
        "job_postings", "公共招聘岗位信息", LABOUR, Events(0.5, whom=Whom(0.5)),
        columns("""
            post_no        岗位编号          no GW
            uscc           用人单位信用代码  uscc
            position       岗位              choice 服务员=4 导购=3 普工=4 会计=1 厨师=2 司机=2
            openings       招聘人数          int 1 20
            posted_on      发布日期          date
            wage           月薪（元）        money 4800 0.3
        """),
        law="就业促进法", article="35", domain="人力资源", purpose="招聘岗位", measures=("openings", "wage"),
        dates="yyyy/MM/dd",
    ),
    Dataset(
        "training_subsidies", "职业技能培训补贴发放", LABOUR, Events(0.02, whom=Whom(1.0, kinds=COMPANY)),
        columns("""
            grant_no       发放批次号        no BT
            uscc           受补单位信用代码  uscc
            people         补贴人数          int 1 60
            amount         金额（元）        money 9000 0.9
            granted_on     发放日期          date
        """),
        law="就业促进法", article="49", domain="人力资源", purpose="培训补贴", measures=("amount",),
        format="xlsx",
    ),
    Dataset(
        "work_injuries", "工伤认定信息", LABOUR,
        Events(0.015, whom=Whom(1.0, ("manufacturing", "construction", "logistics", "catering"))),
        columns("""
            decision_no    认定决定书号      no GS
            uscc           用人单位信用代码  uscc
            happened_on    事故日期          date
            decided_on     认定日期          known 20 60
            grade          伤残等级          choice 未达级=5 十级=3 九级=2 八级=1
        """),
        law="社会保险法", article="36", domain="人力资源", purpose="工伤认定",
    ),
    Dataset(
        "tax_registration", "税务登记信息", TAX, Register(Whom(0.9)),
        columns("""
            taxpayer_no    纳税人档案号      no SW
            uscc           统一社会信用代码   uscc
            legacy15       原税务登记号      legacy15
            name           纳税人名称        name
            taxpayer       纳税人类型        choice 小规模纳税人=8 一般纳税人=2
            industry       行业              sector
            office         主管税务所        choice 第一税务所=3 第二税务所=3 第三税务所=2 第四税务所=2
            registered_on  登记日期          from
        """),
        law="税收征收管理法", article="15", domain="税务", event="registered_on",
        purpose="税务登记与纳税人类型", categories={"taxpayer": 2},
    ),
    Dataset(
        "tax_declarations", "增值税申报情况", TAX, Periodic(3, Whom(0.75)),
        columns("""
            uscc           统一社会信用代码   uscc
            period         税款所属期        month
            sales          申报销售额（元）  money 120000 1.5
            payable        应纳税额（元）    money 2200 1.5
            nil            是否零申报        choice 否=78 是=22 lean=0.25
            on_time        是否按期          choice 是=96 否=4 lean=0.2
        """),
        law="税收征收管理法", article="25", domain="税务", purpose="申报与按期情况",
        conditions={"nil": "nil = '是'", "late": "on_time = '否'"}, measures=("sales", "payable"),
        known_lag=20, dates="yyyyMM", format="csv.gz",
    ),
    Dataset(
        "tax_arrears", "欠税公告", TAX, Events(0.015, lean=0.4),
        columns("""
            notice_no      公告号            no QS
            uscc           统一社会信用代码   uscc
            name           纳税人名称        name
            tax            税种              choice 增值税=6 企业所得税=3 个人所得税=2 房产税=1
            amount         欠税余额（元）    money 26000 1.2
            announced_on   公告日期          date
        """),
        law="税收征收管理法", article="45", domain="税务", purpose="欠税公告", measures=("amount",),
        direction={"count": "up"},
    ),
    Dataset(
        "invoice_usage", "发票领用与开具情况", TAX, Periodic(3, Whom(0.45, kinds=COMPANY)),
        columns("""
            uscc           统一社会信用代码   uscc
            period         所属期            month
            drawn          领用份数          int 0 200
            issued         开具份数          count 45
            voided         作废份数          count 2
            amount         开票金额（元）    money 160000 1.4
        """),
        law="税收征收管理法", article="21", domain="税务", purpose="发票领用开具",
        measures=("issued", "voided", "amount"),
        known_lag=20, dates="yyyyMM",
    ),
    Dataset(
        "tax_credit_ratings", "纳税信用评价结果", TAX, Periodic(12, Whom(0.8, kinds=COMPANY)),
        columns("""
            uscc           统一社会信用代码   uscc
            year_on        评价年度          month
            grade          评价等级          choice B=46 A=14 M=28 C=8 D=4 lean=0.25
        """),
        law="优化营商环境条例", article="53", domain="税务", purpose="纳税信用等级", categories={"grade": 5},
        known_lag=120, dates="yyyyMM", format="xlsx",
    ),
    Dataset(
        "abnormal_taxpayers", "非正常户认定公告", TAX, Events(0.010, lean=0.7),
        columns("""
            notice_no      认定文号          no FZ
            uscc           统一社会信用代码   uscc
            name           纳税人名称        name
            reason         认定原因          choice 连续三个月未申报=8 查无下落=3
            decided_on     认定日期          date
        """),
        law="税收征收管理法", article="60", domain="税务", purpose="非正常户", direction={"count": "up"},
        encoding="gb18030",
    ),
    Dataset(
        "health_certificate_checks", "从业人员健康证明核验", HEALTH, Events(signal="health_lapse"),
        columns("""
            check_no       核验编号          no JK
            uscc           用人单位信用代码  uscc
            name           用人单位          name
            worker         从业人员          person secret=1
            problem        核验异常          choice 证明过期=6 无证明=3 岗位不符=1
            checked_on     核验日期          date
            shared_on      共享日期          known 5 30
        """),
        law="食品安全法", article="45", domain="卫生健康", purpose="健康证明核验发现的异常",
        direction={"count": "up"}, categories={"problem": 3},
    ),
    Dataset(
        "health_certificates", "从业人员健康证明", HEALTH,
        Events(0.9, whom=Whom(0.85, ("catering", "food_retail", "food_making", "beauty", "lodging"))),
        columns("""
            certificate_no 证明编号          no JKZ
            uscc           用人单位信用代码  uscc
            worker         姓名              person secret=1
            issued_on      发证日期          date
            valid_to       有效期至          to 1
            clinic         体检机构          choice 云汀市疾控中心=5 临江区医院=3 东浦区医院=2
        """),
        law="食品安全法", article="45", domain="卫生健康", purpose="有效健康证明",
    ),
    Dataset(
        "hygiene_permits", "公共场所卫生许可", HEALTH, Register(Whom(0.8, ("beauty", "lodging")), term=4),
        columns("""
            permit_no      许可证号          no WS
            uscc           统一社会信用代码   uscc
            category       类别              choice 理发店=4 美容店=4 旅店=3 浴场=1
            issued_on      发证日期          from
            valid_to       有效期至          to 4
        """),
        law="食品安全法", article="6", domain="卫生健康", purpose="卫生许可", event="issued_on", format="xlsx",
    ),
    Dataset(
        "hygiene_inspections", "公共场所卫生监督检查", HEALTH,
        Events(0.3, lean=0.1, whom=Whom(0.9, ("beauty", "lodging", "catering"))),
        columns("""
            record_no      监督意见书号      no WJ
            uscc           被检查人信用代码  uscc
            inspected_on   检查日期          date
            grade          量化等级          choice A=2 B=6 C=2
            finding        结论              choice 合格=88 责令改正=12 lean=0.2
        """),
        law="食品安全法", article="6", domain="卫生健康", purpose="卫生监督检查",
        conditions={"bad": "finding <> '合格'"},
        categories={"grade": 3}, dates="yyyy/MM/dd",
    ),
    Dataset(
        "medical_practices", "医疗机构执业登记", HEALTH, Register(Whom(0.3, ("medical",)), term=5),
        columns("""
            registry_no    登记号            no YL
            uscc           统一社会信用代码   uscc
            category       类别              choice 诊所=6 门诊部=2 口腔诊所=3
            issued_on      发证日期          from
            valid_to       有效期至          to 5
        """),
        law="药品管理法", article="69", domain="卫生健康", purpose="医疗机构登记", event="issued_on", format="xlsx",
    ),
    Dataset(
        "training_schools", "校外培训机构办学许可", "云汀市教育局", Register(Whom(0.5, ("education",)), term=3),
        columns("""
            permit_no      办学许可证号      no JYX
            uscc           统一社会信用代码   uscc
            subject        培训类别          choice 艺术=5 体育=3 科技=2 文化课=1
            pupils         核定学员数        int 20 400
            issued_on      发证日期          from
            valid_to       有效期至          to 3
        """),
        law="消费者权益保护法", article="53", domain="教育", purpose="校外培训机构许可", event="issued_on",
        measures=("pupils",),
    ),
    Dataset(
        "school_canteens", "学校食堂及供餐单位", "云汀市教育局", Register(Whom(0.03, ("catering",))),
        columns("""
            contract_no    供餐合同号        no GC
            uscc           供餐单位信用代码  uscc
            diners         日供餐人数        int 50 2500
            started_on     起始日期          from
        """),
        law="食品安全法", article="57", domain="教育", purpose="学校供餐单位", event="started_on",
        measures=("diners",), format="xlsx",
    ),
    Dataset(
        "court_judgments", "涉企民事裁判文书", COURT, Events(0.06, lean=0.2),
        columns("""
            case_no        案号              no YMC
            uscc           被告信用代码      uscc
            cause          案由              choice 买卖合同=5 劳动争议=2 租赁合同=3 服务合同=3 产品责任=1
            judged_on      裁判日期          date
            amount         标的额（元）      money 42000 1.3
            outcome        结果              choice 支持=4 部分支持=3 驳回=2 调解=3
        """),
        law="优化营商环境条例", article="53", domain="司法", purpose="裁判文书", categories={"cause": 5},
        measures=("amount",),
        encoding="gb18030",
    ),
    Dataset(
        "enforcement_cases", "被执行人信息", COURT, Events(0.025, lean=0.35),
        columns("""
            case_no        执行案号          no YZX
            uscc           被执行人信用代码  uscc
            name           被执行人          name
            filed_on       立案日期          date
            amount         执行标的（元）    money 60000 1.3
        """),
        law="优化营商环境条例", article="53", domain="司法", purpose="被执行人", measures=("amount",),
        direction={"count": "up"},
    ),
    Dataset(
        "dishonest_debtors", "失信被执行人名单", COURT, Events(0.006, lean=0.6),
        columns("""
            case_no        执行案号          no YSX
            uscc           失信人信用代码    uscc
            name           失信人            name
            published_on   发布日期          date
            conduct        失信行为          choice 有能力而不履行=6 规避执行=2 违反报告制度=3
        """),
        law="优化营商环境条例", article="53", domain="司法", purpose="失信被执行人", direction={"count": "up"},
        format="xlsx",
    ),
    Dataset(
        "bank_accounts", "单位银行账户开立备案", "云汀市金融服务中心", Register(Whom(0.8, kinds=COMPANY)),
        columns("""
            account_no     备案号            no ZH
            uscc           存款人信用代码    uscc
            bank           开户银行          choice 云汀银行=5 临江农商行=4 东浦村镇银行=2
            kind           账户性质          choice 基本户=8 一般户=2
            opened_on      开户日期          from
            state          状态              choice 正常=93 久悬=4 撤销=3 lean=0.3
        """),
        law="优化营商环境条例", article="37", domain="金融", purpose="账户开立与久悬", event="opened_on",
        conditions={"dormant": "state = '久悬'"},
    ),
    Dataset(
        "inclusive_loans", "普惠小微贷款投放", FINANCE, Events(0.04, lean=-0.1),
        columns("""
            loan_no        借据号            no DK
            uscc           借款人信用代码    uscc
            amount         金额（万元）      money 45 0.9
            granted_on     放款日期          date
            term_months    期限（月）        choice 12=6 24=2 36=2
            guarantee      担保方式          choice 信用=3 抵押=4 保证=3
        """),
        law="中小企业促进法", article="17", domain="金融", purpose="小微贷款", measures=("amount",),
        windows=("P365D",),
    ),
    Dataset(
        "prepaid_cards", "单用途预付卡备案与资金存管", "云汀市商务局",
        Register(Whom(0.12, ("beauty", "education", "catering", "retail"))),
        columns("""
            filing_no      备案号            no YF
            uscc           发卡单位信用代码  uscc
            balance        预收资金余额（元） money 90000 1.1
            deposited      存管资金（元）    money 30000 1.1
            filed_on       备案日期          from
        """),
        law="消费者权益保护法", article="53", domain="商务", purpose="预付卡备案与存管", event="filed_on",
        measures=("balance", "deposited"), format="xlsx",
    ),
)  # fmt: skip
